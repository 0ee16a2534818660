package emulator

import "strings"

// The people of the two tenants, by sign-in name. Adele organises most meetings
// and is the first on the sign-in page; Lee is an administrator, whose sign-in asks
// for a second factor; Megan is the other tenant's administrator.
const (
	Adele = "AdeleV@contoso.example"
	Alex  = "AlexW@contoso.example"
	Lee   = "LeeG@contoso.example"
	Megan = "MeganB@fabrikam.example"
)

type tenant struct {
	ID, Domain, Name string
}

var tenants = []tenant{
	{TenantID, TenantDomain, "Contoso"},
	{"b51c7c1e-2f6d-4b0a-8a35-93d1b7a4c6f2", "fabrikam.example", "Fabrikam"},
}

// tenantOf finds a tenant by id or domain.
func tenantOf(name string) (tenant, bool) {
	for _, t := range tenants {
		if strings.EqualFold(name, t.ID) || strings.EqualFold(name, t.Domain) {
			return t, true
		}
	}
	return tenant{}, false
}

// shared reports whether name is an authority that serves all work accounts.
func shared(name string) bool {
	return strings.EqualFold(name, "organizations") || strings.EqualFold(name, "common")
}

// known reports whether name may stand where a tenant stands in a path.
func known(name string) bool {
	_, ok := tenantOf(name)
	return ok || shared(name)
}

type user struct {
	ID, Tenant      string
	Given, Surname  string
	UPN, Job, Phone string
	Office          string
	MFA             bool
	Admin           bool // may consent for everybody in the organisation
}

func (u user) Name() string { return u.Given + " " + u.Surname }

// Initials are what stands for a face on the pages.
func (u user) Initials() string { return u.Given[:1] + u.Surname[:1] }

// Organisation is the name of the person's tenant.
func (u user) Organisation() string {
	t, _ := tenantOf(u.Tenant)
	return t.Name
}

var users = []user{
	{ID: "87d349ed-44d7-43e1-9a83-5f2406dee5bd", Tenant: tenants[0].ID, Given: "Adele", Surname: "Vance", UPN: Adele, Job: "Retail Manager", Phone: "+1 425 555 0109", Office: "18/2111"},
	{ID: "4782e723-f4f4-4af3-a76e-25e3bab0d896", Tenant: tenants[0].ID, Given: "Alex", Surname: "Wilber", UPN: Alex, Job: "Marketing Assistant", Phone: "+1 858 555 0110", Office: "131/1104"},
	{ID: "c03e6eaa-b6ab-46d7-905b-73ec7ea1f755", Tenant: tenants[0].ID, Given: "Lee", Surname: "Gu", UPN: Lee, Job: "Director", Phone: "+1 913 555 0101", Office: "23/3101", MFA: true, Admin: true},
	{ID: "048098f4-2e4c-4b1f-9b0c-6f7d2d0c5a11", Tenant: tenants[1].ID, Given: "Megan", Surname: "Bowen", UPN: Megan, Job: "Account Manager", Phone: "+1 412 555 0109", Office: "12/1110", Admin: true},
}

var adele, alex, lee, megan = users[0], users[1], users[2], users[3]

func userByID(id string) (user, bool) {
	for _, u := range users {
		if u.ID == id {
			return u, true
		}
	}
	return user{}, false
}

func userByName(upn string) (user, bool) {
	for _, u := range users {
		if strings.EqualFold(u.UPN, upn) {
			return u, true
		}
	}
	return user{}, false
}

// usersOf are the people who can sign in at the authority of that name.
func usersOf(authority string) []user {
	if shared(authority) {
		return users
	}
	t, _ := tenantOf(authority)
	var found []user
	for _, u := range users {
		if u.Tenant == t.ID {
			found = append(found, u)
		}
	}
	return found
}
