package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	msalerrors "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"

	"debrief/internal/text"
)

func TestTokenErrorsAreMappedByErrorAndSuberror(t *testing.T) {
	for _, test := range []struct {
		status, number int
		code, sub      string
		want           Kind
	}{
		{400, 700016, "unauthorized_client", "", Misconfig},
		{400, 700038, "unauthorized_client", "", Misconfig},
		{400, 90014, "invalid_request", "", Misconfig},
		{400, 70003, "unsupported_grant_type", "", Misconfig},
		{400, 70011, "invalid_scope", "", Misconfig},
		{400, 500011, "invalid_resource", "", Misconfig},
		{400, 90002, "invalid_tenant", "", Misconfig},
		{400, 50049, "invalid_instance", "", Misconfig},
		{401, 7000218, "invalid_client", "", Misconfig},
		{400, 70000, "invalid_grant", "", SignInNeeded},
		{400, 70008, "invalid_grant", "", SignInNeeded},
		{400, 54005, "invalid_grant", "", SignInNeeded},
		{400, 501481, "invalid_grant", "", SignInNeeded},
		{400, 700082, "invalid_grant", "bad_token", SignInNeeded},
		{400, 70043, "invalid_grant", "token_expired", SignInNeeded},
		{400, 50173, "invalid_grant", "bad_token", SignInNeeded},
		{400, 50173, "invalid_grant", "user_password_expired", SignInNeeded},
		{400, 99999, "invalid_grant", "something_new", SignInNeeded},
		{400, 65001, "invalid_grant", "consent_required", SignInNeeded},
		{400, 90094, "invalid_grant", "consent_required", AdminNeeded},
		{400, 90095, "consent_required", "", AdminNeeded},
		{400, 50076, "interaction_required", "basic_action", SignInNeeded},
		{400, 50079, "invalid_grant", "additional_action", SignInNeeded},
		{400, 53003, "interaction_required", "message_only", Blocked},
		{400, 53000, "invalid_grant", "message_only", Blocked},
		{400, 0, "interaction_required", "message_only", Blocked},
		{400, 50058, "login_required", "", SignInNeeded},
		{503, 90033, "temporarily_unavailable", "", Busy},
		{500, 0, "server_error", "", Busy},
		{500, 0, "brand_new", "", Busy},
		{429, 0, "", "", Busy},
		{502, 0, "", "", Busy},
		{400, 0, "brand_new", "", BadReply},
		{404, 0, "", "", BadReply},
		{302, 0, "", "", BadReply},
	} {
		body := "SECRET"
		if test.code != "" {
			body = fmt.Sprintf(`{"error":%q,"suberror":%q,"error_codes":[%d],"error_description":"SECRET","trace_id":"t-1","correlation_id":"c-1"}`, test.code, test.sub, test.number)
		}
		e := mapped(t.Context(), fmt.Errorf("SECRET: %w", msalerrors.CallErr{
			Resp: &http.Response{StatusCode: test.status, Body: io.NopCloser(strings.NewReader(body))},
			Err:  errors.New("SECRET " + body),
		}))
		if e.Kind != test.want || e.Code != test.code || e.SubError != test.sub || e.Number != test.number {
			t.Errorf("%+v: got %+v", test, e)
		}
		if test.code != "" && (e.TraceID != "t-1" || e.CorrelationID != "c-1") {
			t.Errorf("%+v: got the ids %q and %q", test, e.TraceID, e.CorrelationID)
		}
		if strings.Contains(fmt.Sprintf("%v %+v", e, e), "SECRET") {
			t.Errorf("%+v: the text is copied: %v", test, e)
		}
	}
}

func TestErrorsOfTheSignInPageAreMapped(t *testing.T) {
	const ids = " Trace ID: 0a0a0a0a-0000-0000-0000-000000000000 Correlation ID: 0b0b0b0b-0000-0000-0000-000000000000 Timestamp: 2026-11-23 10:00:00Z"
	for _, test := range []struct {
		form   url.Values
		want   Kind
		number int
	}{
		{url.Values{"error": {"access_denied"}, "error_description": {"AADSTS65004: User declined to consent." + ids}}, Declined, 65004},
		{url.Values{"error": {"access_denied"}, "error_subcode": {"cancel"}}, Cancelled, 0},
		{url.Values{"error": {"access_denied"}}, Cancelled, 0},
		{url.Values{"error": {"access_denied"}, "error_description": {"AADSTS90094: admin" + ids}}, AdminNeeded, 90094},
		{url.Values{"error": {"consent_required"}, "error_description": {"AADSTS90095: admin" + ids}}, AdminNeeded, 90095},
		{url.Values{"error": {"interaction_required"}, "error_description": {"AADSTS50076: mfa" + ids}}, SignInNeeded, 50076},
		{url.Values{"error": {"interaction_required"}, "error_description": {"AADSTS53003: blocked" + ids}}, Blocked, 53003},
		{url.Values{"error": {"invalid_request"}}, Misconfig, 0},
		{url.Values{"error": {"unauthorized_client"}}, Misconfig, 0},
		{url.Values{"error": {"server_error"}}, Busy, 0},
		{url.Values{"error": {"temporarily_unavailable"}}, Busy, 0},
		{url.Values{"error": {"SECRET with blanks"}}, BadReply, 0},
	} {
		e := authorizeError(test.form)
		if e.Kind != test.want || e.Number != test.number {
			t.Errorf("%v: got %+v, want %s", test.form, e, test.want)
		}
		if test.number != 0 && (!strings.HasPrefix(e.TraceID, "0a0a") || !strings.HasPrefix(e.CorrelationID, "0b0b")) {
			t.Errorf("%v: got the ids %q, %q", test.form, e.TraceID, e.CorrelationID)
		}
		if strings.Contains(e.Error(), "SECRET") {
			t.Errorf("%v: the text is copied: %v", test.form, e)
		}
	}
}

func TestOtherFailuresAreMappedWithoutTheirTexts(t *testing.T) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithTimeoutCause(t.Context(), 0, errTimeLimit)
	defer cancel()
	for name, test := range map[string]struct {
		ctx  context.Context
		err  error
		want Kind
	}{
		"own error":     {t.Context(), fmt.Errorf("SECRET: %w", &Error{Kind: Blocked}), Blocked},
		"cancelled":     {over, errors.New("SECRET"), Cancelled},
		"time limit":    {late, errors.New("SECRET"), TimedOut},
		"network":       {t.Context(), fmt.Errorf("server response error:\n %w", &url.Error{Op: "Post", URL: "https://x/SECRET", Err: errors.New("refused")}), Offline},
		"slow answer":   {t.Context(), fmt.Errorf("body: %w", context.DeadlineExceeded), Offline},
		"broken answer": {t.Context(), fmt.Errorf("body SECRET: %w", io.ErrUnexpectedEOF), Offline},
		"not https":     {t.Context(), &url.Error{Op: "Post", URL: "http://x/SECRET", Err: errNotHTTPS}, BadReply},
		"bad JSON":      {t.Context(), msalerrors.InvalidJsonErr{Err: errors.New("SECRET")}, BadReply},
		"MSAL's text":   {t.Context(), errors.New("SECRET"), BadReply},
	} {
		e := mapped(test.ctx, test.err)
		if e.Kind != test.want || strings.Contains(e.Error(), "SECRET") {
			t.Errorf("%s: got %v, want %s", name, e, test.want)
		}
	}
}

func TestEveryKindHasWords(t *testing.T) {
	for _, kind := range []Kind{Cancelled, Declined, AdminNeeded, SignInNeeded, Blocked, Misconfig, Offline, Busy, TimedOut, NoWindow, BadReply, Cache, Internal} {
		what, next := text.Problem((&Error{Kind: kind}).Problem(), nil)
		if what == "" || next == "" || strings.HasPrefix(what, "problem.") {
			t.Errorf("%s: got %q and %q", kind, what, next)
		}
		if kind != Internal && (&Error{Kind: kind}).Problem() == text.Internal {
			t.Errorf("%s has no words of its own", kind)
		}
	}
	if got := (&Error{Kind: "new"}).Problem(); got != text.Internal {
		t.Errorf("an unknown kind: got %s, want internal", got)
	}
}
