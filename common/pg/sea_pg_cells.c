/* sea_pg_cells.c: parameters into PostgreSQL's binary format and cells out of it
 * (src/backend/utils/adt: the send and recv functions). */
#include <endian.h>
#include <string.h>

#include "sea_pg.h"

/* Object ids of built-in types, fixed since ever (pg_type.dat). */
enum {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_I64 = 20,
    OID_I32 = 23,
    OID_TEXT = 25,
    OID_F64 = 701,
    OID_TIME = 1184,
    OID_UUID = 2950
};
enum {
    OID_BOOLS = 1000,
    OID_BYTEAS = 1001,
    OID_I32S = 1007,
    OID_TEXTS = 1009,
    OID_I64S = 1016,
    OID_TIMES = 1185,
    OID_UUIDS = 2951
};

static const int64_t PG_EPOCH_MS = INT64_C(946684800000); /* 2000-01-01 */

static const struct {
    uint32_t element, array;
} TYPES[] = {
    [SEA_PG_BOOL] = {OID_BOOL, OID_BOOLS},    [SEA_PG_I32] = {OID_I32, OID_I32S},
    [SEA_PG_I64] = {OID_I64, OID_I64S},       [SEA_PG_TEXT] = {OID_TEXT, OID_TEXTS},
    [SEA_PG_BYTES] = {OID_BYTEA, OID_BYTEAS}, [SEA_PG_UUID] = {OID_UUID, OID_UUIDS},
    [SEA_PG_TIME] = {OID_TIME, OID_TIMES},
};

enum { ARRAY_HEADER = 20, ARRAY_HAS_NULL = 4, ARRAY_COUNT = 12 };

void sea_pg_args_reset(struct sea_pg_args *args)
{
    sea_buf_reset(&args->bytes);
    args->count = 0;
}

void sea_pg_args_free(struct sea_pg_args *args)
{
    sea_buf_free(&args->bytes);
    args->count = 0;
}

static void add_arg(struct sea_pg_args *args, Oid type, const void *data, size_t len)
{
    sea_assert(args->count < SEA_PG_ARGS_MAX);
    int i = args->count++;
    args->type[i] = type;
    args->at[i] = args->bytes.len;
    args->len[i] = (int)len;
    sea_buf_add(&args->bytes, data, len);
    /* libpq sends a zero-length value from any non-NULL address */
    if (!args->bytes.ptr) sea_buf_add(&args->bytes, "", 1);
}

void sea_pg_arg_null(struct sea_pg_args *args)
{
    add_arg(args, 0, "", 0);
    args->len[args->count - 1] = -1;
}

void sea_pg_arg_bool(struct sea_pg_args *args, bool value)
{
    add_arg(args, OID_BOOL, value ? "\1" : "\0", 1);
}

void sea_pg_arg_i32(struct sea_pg_args *args, int32_t value)
{
    uint32_t be = htobe32((uint32_t)value);
    add_arg(args, OID_I32, &be, sizeof(be));
}

void sea_pg_arg_i64(struct sea_pg_args *args, int64_t value)
{
    uint64_t be = htobe64((uint64_t)value);
    add_arg(args, OID_I64, &be, sizeof(be));
}

void sea_pg_arg_f64(struct sea_pg_args *args, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    bits = htobe64(bits);
    add_arg(args, OID_F64, &bits, sizeof(bits));
}

void sea_pg_arg_text(struct sea_pg_args *args, struct sea_str value)
{
    add_arg(args, OID_TEXT, value.ptr, value.len);
}

void sea_pg_arg_bytes(struct sea_pg_args *args, const void *data, size_t len)
{
    add_arg(args, OID_BYTEA, data, len);
}

void sea_pg_arg_uuid(struct sea_pg_args *args, struct sea_uuid value)
{
    add_arg(args, OID_UUID, value.bytes, sizeof(value.bytes));
}

void sea_pg_arg_key(struct sea_pg_args *args, struct sea_key value)
{
    add_arg(args, OID_BYTEA, value.bytes, sizeof(value.bytes));
}

static uint64_t be_time(int64_t unix_ms)
{
    return htobe64((uint64_t)((unix_ms - PG_EPOCH_MS) * 1000));
}

void sea_pg_arg_time(struct sea_pg_args *args, int64_t unix_ms)
{
    uint64_t be = be_time(unix_ms);
    add_arg(args, OID_TIME, &be, sizeof(be));
    if (unix_ms == 0) args->len[args->count - 1] = -1;
}

void sea_pg_array_begin(struct sea_pg_args *args, enum sea_pg_type type)
{
    uint32_t header[5] = {htobe32(1), 0, htobe32(TYPES[type].element), 0, htobe32(1)};
    add_arg(args, TYPES[type].array, header, sizeof(header));
}

static void put_u32(struct sea_pg_args *args, size_t at, uint32_t value)
{
    uint32_t be = htobe32(value);
    if (!args->bytes.is_full) memcpy(args->bytes.ptr + at, &be, sizeof(be));
}

static uint32_t get_u32(const struct sea_pg_args *args, size_t at)
{
    uint32_t be = 0;
    if (!args->bytes.is_full) memcpy(&be, args->bytes.ptr + at, sizeof(be));
    return be32toh(be);
}

static void add_element(struct sea_pg_args *args, const void *data, size_t len, bool is_null)
{
    size_t header = args->at[args->count - 1];
    uint32_t be = htobe32(is_null ? UINT32_MAX : (uint32_t)len);
    put_u32(args, header + ARRAY_COUNT, get_u32(args, header + ARRAY_COUNT) + 1);
    if (is_null) put_u32(args, header + ARRAY_HAS_NULL, 1);
    sea_buf_add(&args->bytes, &be, sizeof(be));
    if (!is_null) sea_buf_add(&args->bytes, data, len);
}

void sea_pg_add_null(struct sea_pg_args *args)
{
    add_element(args, "", 0, true);
}

void sea_pg_add_bool(struct sea_pg_args *args, bool value)
{
    add_element(args, value ? "\1" : "\0", 1, false);
}

void sea_pg_add_i32(struct sea_pg_args *args, int32_t value)
{
    uint32_t be = htobe32((uint32_t)value);
    add_element(args, &be, sizeof(be), false);
}

void sea_pg_add_i64(struct sea_pg_args *args, int64_t value)
{
    uint64_t be = htobe64((uint64_t)value);
    add_element(args, &be, sizeof(be), false);
}

void sea_pg_add_text(struct sea_pg_args *args, struct sea_str value)
{
    add_element(args, value.ptr, value.len, false);
}

void sea_pg_add_bytes(struct sea_pg_args *args, const void *data, size_t len)
{
    add_element(args, data, len, false);
}

void sea_pg_add_uuid(struct sea_pg_args *args, struct sea_uuid value)
{
    add_element(args, value.bytes, sizeof(value.bytes), false);
}

void sea_pg_add_key(struct sea_pg_args *args, struct sea_key value)
{
    add_element(args, value.bytes, sizeof(value.bytes), false);
}

void sea_pg_add_time(struct sea_pg_args *args, int64_t unix_ms)
{
    uint64_t be = be_time(unix_ms);
    add_element(args, &be, sizeof(be), unix_ms == 0);
}

void sea_pg_array_end(struct sea_pg_args *args)
{
    int last = args->count - 1;
    size_t header = args->at[last];
    /* An empty array has no dimension: its header is the first three words. */
    if (get_u32(args, header + ARRAY_COUNT) == 0) {
        put_u32(args, header, 0);
        if (!args->bytes.is_full) args->bytes.len = header + 12;
    }
    args->len[last] = (int)(args->bytes.len - header);
}

void sea_pg_clear(PGresult **rows)
{
    PQclear(*rows);
    *rows = NULL;
}

int sea_pg_count(const PGresult *rows)
{
    return PQntuples(rows);
}

int64_t sea_pg_changed(const PGresult *rows)
{
    int64_t n = 0;
    PGresult *result = (PGresult *)(uintptr_t)rows; /* libpq's prototype lacks const */
    if (!sea_str_i64(sea_str(PQcmdTuples(result)), &n)) return 0;
    return n;
}

bool sea_pg_is_null(const PGresult *rows, int row, int col)
{
    return PQgetisnull(rows, row, col) == 1;
}

static const char *cell(const PGresult *rows, int row, int col, int want_len)
{
    sea_assert(row < PQntuples(rows) && col < PQnfields(rows));
    sea_assert(PQgetlength(rows, row, col) == want_len);
    return PQgetvalue(rows, row, col);
}

bool sea_pg_bool(const PGresult *rows, int row, int col)
{
    return !sea_pg_is_null(rows, row, col) && *cell(rows, row, col, 1) != 0;
}

int64_t sea_pg_i64(const PGresult *rows, int row, int col)
{
    if (sea_pg_is_null(rows, row, col)) return 0;
    int len = PQgetlength(rows, row, col);
    const char *bytes = cell(rows, row, col, len);
    uint64_t be64;
    uint32_t be32;
    uint16_t be16;
    switch (len) {
    case 8:
        memcpy(&be64, bytes, 8);
        return (int64_t)be64toh(be64);
    case 4:
        memcpy(&be32, bytes, 4);
        return (int32_t)be32toh(be32);
    default:
        sea_assert(len == 2);
        memcpy(&be16, bytes, 2);
        return (int16_t)be16toh(be16);
    }
}

double sea_pg_f64(const PGresult *rows, int row, int col)
{
    if (sea_pg_is_null(rows, row, col)) return 0;
    int len = PQgetlength(rows, row, col);
    const char *bytes = cell(rows, row, col, len);
    if (len == 4) {
        uint32_t bits;
        float value;
        memcpy(&bits, bytes, 4);
        bits = be32toh(bits);
        memcpy(&value, &bits, 4);
        return (double)value;
    }
    sea_assert(len == 8);
    uint64_t bits;
    double value;
    memcpy(&bits, bytes, 8);
    bits = be64toh(bits);
    memcpy(&value, &bits, 8);
    return value;
}

int64_t sea_pg_time(const PGresult *rows, int row, int col)
{
    if (sea_pg_is_null(rows, row, col)) return 0;
    uint64_t be;
    memcpy(&be, cell(rows, row, col, 8), 8);
    return (int64_t)be64toh(be) / 1000 + PG_EPOCH_MS;
}

struct sea_str sea_pg_str(const PGresult *rows, int row, int col)
{
    if (sea_pg_is_null(rows, row, col)) return (struct sea_str){NULL, 0};
    return (struct sea_str){PQgetvalue(rows, row, col), (size_t)PQgetlength(rows, row, col)};
}

struct sea_uuid sea_pg_uuid(const PGresult *rows, int row, int col)
{
    struct sea_uuid id = {{0}};
    if (!sea_pg_is_null(rows, row, col)) memcpy(id.bytes, cell(rows, row, col, 16), 16);
    return id;
}

struct sea_key sea_pg_key(const PGresult *rows, int row, int col)
{
    struct sea_key key = {{0}};
    if (!sea_pg_is_null(rows, row, col)) memcpy(key.bytes, cell(rows, row, col, 16), 16);
    return key;
}
