/* sea_crash.h: named points where a test build dies or pauses on demand, as if the power had failed
 * there. */
#ifndef SEA_CRASH_H
#define SEA_CRASH_H

#include "sea_base.h"

/* SEA_CRASHPOINT("router.after_commit"): nothing at all in a release build. */
#ifdef SEA_CRASHPOINTS
#define SEA_CRASHPOINT(name) sea_crash_point(name)
#else
#define SEA_CRASHPOINT(name) ((void)0)
#endif

/* Takes SEADESK_CRASH_AT: "NAME:N" ends the process with status 137, nothing flushed, at the N-th
 * time it passes NAME; "pause:NAME:MS" waits there each time; "ready:" before either: not before
 * sea_crash_ready. Several with commas, at most 8. "" arms nothing. False when malformed, or when
 * this build has no crash points. */
SEA_MUST_CHECK bool sea_crash_arm(const char *spec);

/* The process says for the first time that it is ready; more often changes nothing. */
void sea_crash_ready(void);

void sea_crash_point(const char *name); /* use the macro */

#endif
