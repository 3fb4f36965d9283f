/* Where a call can be transferred to, as people write it. Pure, any thread. */
#ifndef TEL_ORDER_TRANSFER_TARGET_H
#define TEL_ORDER_TRANSFER_TARGET_H

#include <stdbool.h>

#include "base/limits.h"
#include "base/str.h"
#include "domain/number.h"

/*
 * A number in E.164, with '+' and nothing but digits and the visual
 * separators of RFC 3966, which are dropped: what is not clearly one is not
 * guessed at, for somebody's phone would ring.
 */
bool tel_strict_number_parse(struct tel_str text, struct tel_e164 *out);

/*
 * "tel:" and such a number, or "sip:" and a SIP address without password,
 * headers and '%', as it is sent to LiveKit; at most TEL_MAX_TRANSFER_TO
 * bytes. False: it is neither.
 */
bool tel_transfer_target_parse(struct tel_str text, char out[TEL_MAX_TRANSFER_TO + 1]);

#endif
