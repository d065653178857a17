/* seadesk_doctor.h: what the parts of the doctor share. */
#ifndef SEADESK_DOCTOR_H
#define SEADESK_DOCTOR_H

#include "sea_pg.h"
#include "seadesk_kafka.h"
#include "seadesk_report.h"

struct seadesk_doctor {
    struct seadesk *seadesk;
    struct seadesk_report report;
    struct sea_pg *pg;  /* main database; NULL: it can't be used */
    rd_kafka_t *kafka;  /* NULL: it doesn't answer */
    rd_kafka_t *reader; /* opened when a record is looked at */
    struct seadesk_marks marks;
};

/* Disk, databases, schema, key store, Redis, clocks. */
void seadesk_doctor_machine(struct seadesk_doctor *doctor);
void seadesk_doctor_databases(struct seadesk_doctor *doctor);
void seadesk_doctor_redis(struct seadesk_doctor *doctor);
/* The broker and its topics. */
void seadesk_doctor_kafka(struct seadesk_doctor *doctor);
/* How far each service is, what is lost, parked, unsent, overdue. */
void seadesk_doctor_work(struct seadesk_doctor *doctor);

#endif
