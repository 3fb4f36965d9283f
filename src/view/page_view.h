/* A page of calls as everybody outside sees it. Pure, any thread. */
#ifndef TEL_VIEW_PAGE_VIEW_H
#define TEL_VIEW_PAGE_VIEW_H

#include "base/buf.h"
#include "base/err.h"
#include "ports/call_store.h"

/*
 * Append {"calls":[…],"nextCursor":"…"|null}, each call as in call_view.h.
 * TEL_ENOMEM | TEL_ETOOBIG (the buffer's ceiling)
 */
enum tel_err tel_view_page(const struct tel_call_page *page, struct tel_buf *out);

#endif
