/* desk_rights.c: rights by role, and refusals as problems. */
#include "desk_rights.h"

#include <string.h>

#define NO_AGENT "the header Seadesk-Agent must name the user who acts"

bool desk_may(const struct desk_who *who, enum desk_right right, struct sea_problem *ret)
{
    bool is_key = *who->key != 0;
    switch (right) {
    case DESK_MAY_READ:
    case DESK_MAY_CONSENT:
        return true;
    case DESK_MAY_ACT:
        if (*who->user) return true;
        *ret = (struct sea_problem){.code = SEA_PROBLEM_INVALID, .detail = NO_AGENT};
        return false;
    case DESK_MAY_SUPERVISE:
        if (is_key || who->role != DESK_AGENT) return true;
        *ret = (struct sea_problem){.code = SEA_PROBLEM_FORBIDDEN,
                                    .detail = "only supervisors and administrators may do this"};
        return false;
    }
    return false;
}

bool desk_role_parse(struct sea_str text, enum desk_role *ret)
{
    static const char *const NAMES[] = {"agent", "supervisor", "admin"};
    for (unsigned i = 0; i < SEA_COUNT(NAMES); i++) {
        if (!sea_str_is(text, NAMES[i])) continue;
        *ret = (enum desk_role)i;
        return true;
    }
    return false;
}

bool desk_user_is_valid(struct sea_str user)
{
    if (user.len == 0 || user.len > DESK_USER_MAX) return false;
    for (size_t i = 0; i < user.len; i++) {
        char c = user.ptr[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!is_plain && (i == 0 || !memchr("._-", c, 3))) return false;
    }
    return true;
}

void desk_refused(const char *reason, struct sea_problem *ret)
{
    static const struct {
        const char *reason;
        enum sea_problem_code code;
        const char *detail;
    } REASONS[] = {
        {"version", SEA_PROBLEM_VERSION_MISMATCH, "the ticket has another version: read it again"},
        {"not_found", SEA_PROBLEM_NOT_FOUND, "there is no such ticket"},
        {"key-reused", SEA_PROBLEM_KEY_REUSED, "the key came with another request before"},
        {"not_open", SEA_PROBLEM_CONFLICT, "the ticket is not open"},
        {"not_assigned_to_you", SEA_PROBLEM_CONFLICT, "the ticket is not assigned to you"},
        {"already_assigned", SEA_PROBLEM_CONFLICT, "somebody else has the ticket"},
        {"no_capacity", SEA_PROBLEM_CONFLICT, "you are not online or have no capacity left"},
        {"unknown_target", SEA_PROBLEM_CONFLICT, "there is no such queue or user"},
        {"window_closed", SEA_PROBLEM_CONFLICT,
         "the channel takes no free text to this customer now"},
    };
    *ret = (struct sea_problem){
        .code = SEA_PROBLEM_CONFLICT, .detail = "the command was refused", .reason = reason};
    for (size_t i = 0; i < SEA_COUNT(REASONS); i++) {
        if (strcmp(reason, REASONS[i].reason) != 0) continue;
        ret->code = REASONS[i].code;
        ret->detail = REASONS[i].detail;
    }
}
