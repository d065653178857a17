/* sea_clock.h: the only place that reads the system's clocks; what decides about customers is
 * PostgreSQL's clock. */
#ifndef SEA_CLOCK_H
#define SEA_CLOCK_H

#include <stdint.h>

int64_t
sea_clock_wall_ms(void); /* Unix time: for logs, provider signatures, what is stamped on records */
int64_t
sea_clock_mono_ms(void); /* for time-outs and durations; stands still while the machine sleeps */
int64_t sea_clock_mono_us(void); /* the same, finer, for histograms */
int64_t
sea_clock_boot_ms(void); /* goes on while the machine sleeps: for "how long since I last checked" */

#endif
