/* main.c: the operator's command: finds the subcommand and gives it its settings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sea_log.h"
#include "seadesk.h"

static const struct {
    const char *name, *about;
    int (*run)(struct seadesk *seadesk);
} COMMANDS[] = {
    {"migrate", "bring both databases to this version's schema; makes the services' roles",
     seadesk_migrate},
    {"topics", "create the topics that are missing", seadesk_topics},
    {"check", "settings and configuration folder, and what is to be decided before going live",
     seadesk_check},
    {"doctor", "what is wrong with the stack, and what to do", seadesk_doctor},
    {"story", "EVENT_ID: where one event went, and how long each step took", seadesk_story},
    {"replay",
     "list, or SERVICE TOPIC PARTITION OFFSET|FROM..TO [--dry-run]: what was refused, or a range "
     "of intake, again",
     seadesk_replay},
    {"rewind", "SERVICE NUMBER TOPIC: read a log anew that was lost", seadesk_rewind},
    {"user", "list, add, skills, password, disable, enable: who may sign in at the desk",
     seadesk_user},
};

static const struct sea_setting ROWS[] = {
#define SEA_SETTING(...) SEA_SETTING_ROW(struct seadesk_config, __VA_ARGS__)
#include "seadesk_config.def"
#undef SEA_SETTING
};

static void help(FILE *to)
{
    fputs("seadesk " SEADESK_VERSION ": the operator's command of Seadesk\n\n"
          "usage: seadesk COMMAND [argument …] [--json]\n\n",
          to);
    for (size_t i = 0; i < SEA_COUNT(COMMANDS); i++)
        fprintf(to, "  %-10s %s\n", COMMANDS[i].name, COMMANDS[i].about);
    fputs("\nSettings come from the environment (seadesk --explain lists them).\n"
          "Exit codes: 0 done, 1 failed or found something, 2 wrong usage, 75 a dependency is "
          "away.\n",
          to);
}

static int run(int (*command)(struct seadesk *), const struct sea_config_program *program,
               struct seadesk *seadesk)
{
    struct sea_buf problems = SEA_BUF(65536);
    if (sea_config_load(program, environ, &seadesk->config, &problems)) {
        fputs(problems.ptr ? problems.ptr : "settings are wrong\n", stderr);
        sea_buf_free(&problems);
        return SEADESK_USAGE;
    }
    int status = command(seadesk);
    sea_config_free(program, &seadesk->config);
    sea_buf_free(&problems);
    return status;
}

/* --json may stand anywhere behind the subcommand. */
static void take_json(struct seadesk *seadesk)
{
    int kept = 0;
    for (int i = 0; i < seadesk->argc; i++) {
        if (strcmp(seadesk->argv[i], "--json") == 0)
            seadesk->is_json = true;
        else
            seadesk->argv[kept++] = seadesk->argv[i];
    }
    seadesk->argc = kept;
}

int main(int argc, char **argv)
{
    static struct seadesk seadesk;
    struct sea_config_program program = {"seadesk", ROWS, SEA_COUNT(ROWS), &seadesk.own};
    const char *name = argc > 1 ? argv[1] : "--help";

    sea_log_init("seadesk", SEA_LOG_ERROR);
    if (strcmp(name, "--version") == 0) {
        puts("seadesk " SEADESK_VERSION);
        return SEADESK_DONE;
    }
    if (strcmp(name, "--help") == 0) {
        help(stdout);
        return argc > 1 ? SEADESK_DONE : SEADESK_USAGE;
    }
    if (strcmp(name, "--explain") == 0) {
        struct sea_buf text = SEA_BUF(1 << 20);
        sea_config_explain(&program, environ, &text);
        fputs(text.ptr ? text.ptr : "", stdout);
        sea_buf_free(&text);
        return SEADESK_DONE;
    }
    seadesk.argc = argc - 2;
    seadesk.argv = argv + 2;
    take_json(&seadesk);
    for (size_t i = 0; i < SEA_COUNT(COMMANDS); i++)
        if (strcmp(name, COMMANDS[i].name) == 0) return run(COMMANDS[i].run, &program, &seadesk);
    fprintf(stderr, "seadesk: no command '%s'; seadesk --help lists them\n", name);
    return SEADESK_USAGE;
}
