// The guards of the sign-in window that webview_go has no call for. They sit on
// the WebKitWebView that it keeps inside its GtkWindow, and are connected before
// the first page is loaded.
#include "webkit_linux.h"

#include <gdk/gdkkeysyms.h>
#include <gtk/gtk.h>
#include <webkit2/webkit2.h>

#include "_cgo_export.h"

int debrief_display_opens(void) { return gtk_init_check(NULL, NULL); }

// on_load tells the host of a page once it is committed, which is when it takes
// the place of the one before. The view's URI alone (notify::uri) changes when a
// load begins: a page could keep showing itself under the name of a slow host.
static void on_load(WebKitWebView *view, WebKitLoadEvent event, gpointer data) {
  (void)data;
  if (event != WEBKIT_LOAD_COMMITTED) {
    return;
  }
  const gchar *uri = webkit_web_view_get_uri(view);
  signinShows((char *)(uri != NULL ? uri : ""));
}

// on_decide lets through what signinAllows allows. New windows are never opened,
// and what the view cannot show (a download) is dropped.
static gboolean on_decide(WebKitWebView *view, WebKitPolicyDecision *decision,
                          WebKitPolicyDecisionType type, gpointer data) {
  (void)view;
  (void)data;
  gboolean use = FALSE;
  switch (type) {
  case WEBKIT_POLICY_DECISION_TYPE_NAVIGATION_ACTION: {
    WebKitNavigationAction *action =
        webkit_navigation_policy_decision_get_navigation_action(
            WEBKIT_NAVIGATION_POLICY_DECISION(decision));
    const gchar *uri =
        webkit_uri_request_get_uri(webkit_navigation_action_get_request(action));
    use = signinAllows((char *)(uri != NULL ? uri : "")) != 0;
    break;
  }
  case WEBKIT_POLICY_DECISION_TYPE_RESPONSE: {
    WebKitResponsePolicyDecision *response =
        WEBKIT_RESPONSE_POLICY_DECISION(decision);
    const gchar *uri = webkit_uri_request_get_uri(
        webkit_response_policy_decision_get_request(response));
    use = signinAllows((char *)(uri != NULL ? uri : "")) != 0 &&
          webkit_response_policy_decision_is_mime_type_supported(response);
    break;
  }
  case WEBKIT_POLICY_DECISION_TYPE_NEW_WINDOW_ACTION:
    break;
  }
  if (use) {
    webkit_policy_decision_use(decision);
  } else {
    webkit_policy_decision_ignore(decision);
  }
  return TRUE;
}

static gboolean on_permission(WebKitWebView *view, WebKitPermissionRequest *request,
                              gpointer data) {
  (void)view;
  (void)data;
  webkit_permission_request_deny(request);
  return TRUE;
}

static void on_download(WebKitWebContext *context, WebKitDownload *download,
                        gpointer data) {
  (void)context;
  (void)data;
  webkit_download_cancel(download);
}

static gboolean on_key(GtkWidget *window, GdkEventKey *event, gpointer data) {
  (void)data;
  if (event->keyval != GDK_KEY_Escape) {
    return FALSE;
  }
  gtk_window_close(GTK_WINDOW(window));
  return TRUE;
}

int debrief_hook(void *window) {
  if (window == NULL || !GTK_IS_BIN(window)) {
    return 0;
  }
  GtkWidget *child = gtk_bin_get_child(GTK_BIN(window));
  if (child == NULL || !WEBKIT_IS_WEB_VIEW(child)) {
    return 0;
  }
  WebKitWebView *view = WEBKIT_WEB_VIEW(child);
  WebKitWebContext *context = webkit_web_view_get_context(view);

  // A bad certificate is the end of the load, with no way round it.
  webkit_website_data_manager_set_tls_errors_policy(
      webkit_web_context_get_website_data_manager(context),
      WEBKIT_TLS_ERRORS_POLICY_FAIL);

  // webview_go's bridge from pages to the program is in every page, a
  // phisher's too. Nothing here uses it.
  WebKitUserContentManager *content = webkit_web_view_get_user_content_manager(view);
  webkit_user_content_manager_unregister_script_message_handler(content, "external");
  webkit_user_content_manager_remove_all_scripts(content);
  WebKitSettings *settings = webkit_web_view_get_settings(view);
  webkit_settings_set_javascript_can_access_clipboard(settings, FALSE);
  webkit_settings_set_javascript_can_open_windows_automatically(settings, FALSE);

  g_signal_connect(view, "load-changed", G_CALLBACK(on_load), NULL);
  g_signal_connect(view, "decide-policy", G_CALLBACK(on_decide), NULL);
  g_signal_connect(view, "permission-request", G_CALLBACK(on_permission), NULL);
  g_signal_connect(context, "download-started", G_CALLBACK(on_download), NULL);
  g_signal_connect(window, "key-press-event", G_CALLBACK(on_key), NULL);
  return 1;
}
