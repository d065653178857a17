/* sea_metrics_process.h: what the kernel knows of this process; used by sea_metrics_render alone.
 */
#ifndef SEA_METRICS_PROCESS_H
#define SEA_METRICS_PROCESS_H

void sea_metrics_process(void); /* sets the metrics process_… */

#endif
