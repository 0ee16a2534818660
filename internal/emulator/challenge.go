package emulator

import "fmt"

// Challenge makes Graph ask clients that declared it can (CP1) for a newer access
// token of user, a sign-in name, by a claims challenge: what continuous access
// evaluation does where something about a person changed. Unlike after Revoke, a
// refresh token still gets one.
func (e *Emulator) Challenge(user string) error {
	u, ok := userByName(user)
	if !ok {
		return fmt.Errorf("emulator: no user %q", user)
	}
	return e.update(func(s *state) error {
		s.ValidFrom[u.ID] = e.now()
		return nil
	})
}
