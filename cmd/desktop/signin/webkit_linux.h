#ifndef DEBRIEF_WEBKIT_LINUX_H
#define DEBRIEF_WEBKIT_LINUX_H

// debrief_display_opens reports whether GTK can open a display.
int debrief_display_opens(void);

// debrief_hook connects the guards to the web view inside window. It returns 0
// when there is none.
int debrief_hook(void *window);

#endif
