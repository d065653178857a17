/* seadesk_user.c: who may sign in at the desk: the first administrator, passwords, leavers. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "sea_enc.h"
#include "seadesk_db.h"
#include "seadesk_report.h"

enum {
    PASSWORD_LEAST = 10,
    PASSWORD_MOST = 1024,
    PASSES = 2, /* of argon2id (RFC 9106), as desk's own */
    MEMORY_BYTES = 32 * 1024 * 1024,
};

static const char USAGE[] =
    "usage: seadesk user list\n"
    "       seadesk user add NAME [--role agent|supervisor|admin] [--name TEXT] [--staff NUMBER]\n"
    "                             [--languages pt,es] [--queues first,second]\n"
    "                             [--skills native-ja,refunds]\n"
    "       seadesk user skills NAME [native-ja,refunds]\n"
    "       seadesk user password NAME\n"
    "       seadesk user disable NAME | enable NAME\n"
    "A password is asked for, or read as the first line of standard input.\n";

static const struct sea_pg_stmt LIST = {
    "user_list", "SELECT user_name, role, name, staff_number, to_json(languages)::text,"
                 " to_json(queues)::text, is_active, is_demo, to_json(skills)::text"
                 " FROM desk.account ORDER BY user_name"};
static const struct sea_pg_stmt ADD = {
    "user_add",
    "INSERT INTO desk.account (user_name, password, role, name, staff_number, languages, queues,"
    " skills) VALUES ($1, $2, $3, $4, $5, string_to_array($6, ','), string_to_array($7, ','),"
    " string_to_array($8, ',')) ON CONFLICT DO NOTHING"};
static const struct sea_pg_stmt SKILLS = {
    "user_skills", "UPDATE desk.account SET skills = string_to_array($2, ','), changed_at = now()"
                   " WHERE user_name = $1"};
static const struct sea_pg_stmt PASSWORD = {
    "user_password", "UPDATE desk.account SET password = $2, is_demo = false, changed_at = now()"
                     " WHERE user_name = $1"};
static const struct sea_pg_stmt ACTIVE = {
    "user_active",
    "UPDATE desk.account SET is_active = $2, changed_at = now() WHERE user_name = $1"};

struct wanted {
    const char *user, *role, *name, *staff, *languages, *queues, *skills;
};

/* ---- the password ---- */

static bool read_line(char ret[PASSWORD_MOST + 2])
{
    if (!fgets(ret, PASSWORD_MOST + 2, stdin)) return false;
    ret[strcspn(ret, "\r\n")] = '\0';
    return true;
}

static bool ask_hidden(const char *prompt, char ret[PASSWORD_MOST + 2])
{
    struct termios shown, hidden;
    if (tcgetattr(STDIN_FILENO, &shown)) return false;
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    fputs(prompt, stderr);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    bool is_read = read_line(ret);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    fputc('\n', stderr);
    return is_read;
}

static bool read_password(char ret[PASSWORD_MOST + 2])
{
    char again[PASSWORD_MOST + 2];
    if (!isatty(STDIN_FILENO)) return read_line(ret);
    bool is_same =
        ask_hidden("password: ", ret) && ask_hidden("again: ", again) && strcmp(ret, again) == 0;
    if (!is_same) fputs("seadesk user: the two are not the same\n", stderr);
    sodium_memzero(again, sizeof(again));
    return is_same;
}

/* False: the reason stands on standard error. */
static bool hash_password(char ret[crypto_pwhash_STRBYTES])
{
    char password[PASSWORD_MOST + 2] = "";
    bool is_good = read_password(password);
    size_t len = strlen(password);
    if (is_good && (len < PASSWORD_LEAST || len > PASSWORD_MOST)) {
        fprintf(stderr, "seadesk user: a password has %d to %d bytes\n", PASSWORD_LEAST,
                PASSWORD_MOST);
        is_good = false;
    }
    if (is_good && crypto_pwhash_str_alg(ret, password, len, PASSES, MEMORY_BYTES,
                                         crypto_pwhash_ALG_ARGON2ID13)) {
        fputs("seadesk user: not enough memory to hash a password\n", stderr);
        is_good = false;
    }
    sodium_memzero(password, sizeof(password));
    return is_good;
}

/* ---- rows ---- */

static int change(struct sea_pg *pg, const struct sea_pg_stmt *stmt, const struct sea_pg_args *args,
                  const struct wanted *wanted, const char *unchanged)
{
    PGresult *rows = NULL;
    enum sea_err err = sea_pg_query(pg, stmt, args, &rows);
    if (err == SEA_ERR_REJECT) {
        fprintf(stderr, "seadesk user: '%s' cannot be taken: %s\n", wanted->user, sea_pg_cause(pg));
        return SEADESK_FAILED;
    }
    if (err) return seadesk_db_complain(pg, err, "user");
    bool is_changed = sea_pg_changed(rows) > 0;
    sea_pg_clear(&rows);
    if (!is_changed) fprintf(stderr, "seadesk user: '%s' %s\n", wanted->user, unchanged);
    return is_changed ? SEADESK_DONE : SEADESK_FAILED;
}

static const char UNKNOWN[] = "is not there; seadesk user list shows who is";

static int add(struct sea_pg *pg, const struct wanted *wanted)
{
    char hash[crypto_pwhash_STRBYTES];
    struct sea_pg_args args = SEA_PG_ARGS;
    if (!hash_password(hash)) return SEADESK_USAGE;
    sea_pg_arg_text(&args, sea_str(wanted->user));
    sea_pg_arg_text(&args, sea_str(hash));
    sea_pg_arg_text(&args, sea_str(wanted->role));
    sea_pg_arg_text(&args, sea_str(wanted->name));
    sea_pg_arg_text(&args, sea_str(wanted->staff));
    sea_pg_arg_text(&args, sea_str(wanted->languages));
    sea_pg_arg_text(&args, sea_str(wanted->queues));
    sea_pg_arg_text(&args, sea_str(wanted->skills));
    int status = change(pg, &ADD, &args, wanted,
                        "is there already; seadesk user password changes a password");
    sea_pg_args_free(&args);
    return status;
}

static int set_password(struct sea_pg *pg, const struct wanted *wanted)
{
    char hash[crypto_pwhash_STRBYTES];
    struct sea_pg_args args = SEA_PG_ARGS;
    if (!hash_password(hash)) return SEADESK_USAGE;
    sea_pg_arg_text(&args, sea_str(wanted->user));
    sea_pg_arg_text(&args, sea_str(hash));
    int status = change(pg, &PASSWORD, &args, wanted, UNKNOWN);
    sea_pg_args_free(&args);
    return status;
}

static int set_skills(struct sea_pg *pg, const struct wanted *wanted)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    sea_pg_arg_text(&args, sea_str(wanted->user));
    sea_pg_arg_text(&args, sea_str(wanted->skills));
    int status = change(pg, &SKILLS, &args, wanted, UNKNOWN);
    sea_pg_args_free(&args);
    return status;
}

static int set_active(struct sea_pg *pg, const struct wanted *wanted, bool is_active)
{
    struct sea_pg_args args = SEA_PG_ARGS;
    sea_pg_arg_text(&args, sea_str(wanted->user));
    sea_pg_arg_bool(&args, is_active);
    int status = change(pg, &ACTIVE, &args, wanted, UNKNOWN);
    sea_pg_args_free(&args);
    return status;
}

static void add_raw(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name,
                    struct sea_str json)
{
    yyjson_mut_obj_add_val(doc, object, name, yyjson_mut_rawncpy(doc, json.ptr, json.len));
}

static void list_json(const PGresult *rows)
{
    static const char *const NAMES[] = {"user", "role", "name", "staff_number"};
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    yyjson_mut_val *users = yyjson_mut_obj_add_arr(doc, root, "users");
    for (int i = 0; i < sea_pg_count(rows); i++) {
        yyjson_mut_val *one = yyjson_mut_arr_add_obj(doc, users);
        for (int c = 0; c < (int)SEA_COUNT(NAMES); c++)
            seadesk_json_add(doc, one, NAMES[c], sea_pg_str(rows, i, c));
        add_raw(doc, one, "languages", sea_pg_str(rows, i, 4));
        add_raw(doc, one, "queues", sea_pg_str(rows, i, 5));
        add_raw(doc, one, "skills", sea_pg_str(rows, i, 8));
        yyjson_mut_obj_add_bool(doc, one, "is_active", sea_pg_bool(rows, i, 6));
        yyjson_mut_obj_add_bool(doc, one, "is_demo", sea_pg_bool(rows, i, 7));
    }
    seadesk_json_print(doc);
}

static void list_human(const PGresult *rows)
{
    printf("%-20s %-11s %-8s %s\n", "user", "role", "state", "name");
    for (int i = 0; i < sea_pg_count(rows); i++) {
        struct sea_str user = sea_pg_str(rows, i, 0), role = sea_pg_str(rows, i, 1),
                       name = sea_pg_str(rows, i, 2);
        const char *state = !sea_pg_bool(rows, i, 6)  ? "disabled"
                            : sea_pg_bool(rows, i, 7) ? "demo"
                                                      : "active";
        printf("%-20.*s %-11.*s %-8s %.*s\n", (int)user.len, user.ptr, (int)role.len, role.ptr,
               state, (int)name.len, name.ptr);
    }
}

static int list(const struct seadesk *seadesk, struct sea_pg *pg)
{
    PGresult *rows = NULL;
    enum sea_err err = sea_pg_query(pg, &LIST, NULL, &rows);
    if (err) return seadesk_db_complain(pg, err, "user");
    if (seadesk->is_json)
        list_json(rows);
    else
        list_human(rows);
    sea_pg_clear(&rows);
    return SEADESK_DONE;
}

/* ---- arguments ---- */

static bool read_options(const struct seadesk *seadesk, struct wanted *ret)
{
    const struct {
        const char *name, **value;
    } OPTIONS[] = {{"--role", &ret->role},     {"--name", &ret->name},
                   {"--staff", &ret->staff},   {"--languages", &ret->languages},
                   {"--queues", &ret->queues}, {"--skills", &ret->skills}};
    if (strcmp(seadesk->argv[0], "skills") == 0) {
        if (seadesk->argc == 3) ret->skills = seadesk->argv[2];
        return seadesk->argc <= 3;
    }
    for (int i = 2; i < seadesk->argc; i += 2) {
        bool is_known = false;
        for (size_t o = 0; o < SEA_COUNT(OPTIONS) && i + 1 < seadesk->argc; o++) {
            if (strcmp(seadesk->argv[i], OPTIONS[o].name) != 0) continue;
            *OPTIONS[o].value = seadesk->argv[i + 1];
            is_known = true;
        }
        if (!is_known) return false;
    }
    return true;
}

static int run(const struct seadesk *seadesk, struct sea_pg *pg, const struct wanted *wanted)
{
    const char *verb = seadesk->argv[0];
    if (strcmp(verb, "add") == 0) return add(pg, wanted);
    if (strcmp(verb, "skills") == 0) return set_skills(pg, wanted);
    if (seadesk->argc != 2) return SEADESK_USAGE;
    if (strcmp(verb, "password") == 0) return set_password(pg, wanted);
    if (strcmp(verb, "disable") == 0) return set_active(pg, wanted, false);
    if (strcmp(verb, "enable") == 0) return set_active(pg, wanted, true);
    return SEADESK_USAGE;
}

int seadesk_user(struct seadesk *seadesk)
{
    struct sea_pg *pg = NULL;
    struct wanted wanted = {NULL, "agent", "", "", "", "", ""};
    int status = SEADESK_USAGE;
    bool is_list = seadesk->argc == 1 && strcmp(seadesk->argv[0], "list") == 0;
    if (sodium_init() < 0) return SEADESK_FAILED;
    if (is_list || (seadesk->argc >= 2 && read_options(seadesk, &wanted))) {
        seadesk_db_open(seadesk, &pg);
        if (!is_list) wanted.user = seadesk->argv[1];
        status = is_list ? list(seadesk, pg) : run(seadesk, pg, &wanted);
        sea_pg_close(&pg);
    }
    if (status == SEADESK_DONE && !is_list && !seadesk->is_json)
        printf("done: %s %s\n", seadesk->argv[0], wanted.user);
    if (status == SEADESK_DONE && !is_list && seadesk->is_json) puts("{\"ok\": true}");
    if (status == SEADESK_USAGE) fputs(USAGE, stderr);
    return status;
}
