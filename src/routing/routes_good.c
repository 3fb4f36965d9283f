#include "config.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "routing/routes_good.h"
#include "base/banned.h"

#define FIRST_LINE "livekit-telephony routes, version 1\n"

/* The first two lines. A name is no longer than a setting can be. */
#define MAX_HEAD (sizeof(FIRST_LINE) + TEL_MAX_CONFIG_FILE)

static enum tel_err write_head(const char *of, struct tel_buf *head)
{
	tel_buf_init(head, MAX_HEAD);
	tel_buf_puts(head, FIRST_LINE);
	tel_buf_puts(head, of);
	tel_buf_puts(head, "\n");
	return tel_buf_err(head);
}

/* Rules decide who gets our calls: nobody else may have had a hand in them. */
static bool is_ours(const struct stat *st)
{
	return st->st_uid == geteuid() && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

static enum tel_err cut_head(struct tel_str content, struct tel_str head, struct tel_str *text)
{
	if (!tel_str_starts(content, TEL_STR(FIRST_LINE)))
		return TEL_ECORRUPT;
	if (!tel_str_starts(content, head))
		return TEL_ECONFLICT;
	*text = (struct tel_str){ content.ptr + head.len, content.len - head.len };
	return TEL_OK;
}

static enum tel_err read_copy(const char *copy, struct tel_str head, struct tel_file *file,
			      struct tel_str *text)
{
	struct tel_file found;
	enum tel_err err = tel_file_read(copy, MAX_HEAD + TEL_MAX_ROUTES_FILE, &found);

	if (!err)
		err = is_ours(&found.st) ? cut_head(tel_file_str(&found), head, text) : TEL_EDENIED;
	if (err)
		tel_file_release(&found);
	else
		*file = found;
	return err;
}

enum tel_err tel_routes_good_read(const char *copy, const char *of, struct tel_file *file,
				  struct tel_str *text)
{
	struct tel_buf head;
	enum tel_err err = write_head(of, &head);

	if (!err)
		err = read_copy(copy, tel_buf_str(&head), file, text);
	tel_buf_release(&head);
	return err;
}

static bool is_there(const char *copy, struct tel_str head, struct tel_str text)
{
	struct tel_str kept;
	struct tel_file file;
	bool same;

	if (read_copy(copy, head, &file, &kept))
		return false;
	same = tel_str_eq(kept, text);
	tel_file_release(&file);
	return same;
}

enum tel_err tel_routes_good_keep(const char *copy, const char *of, struct tel_str text)
{
	struct tel_buf head;
	enum tel_err err = write_head(of, &head);

	/* Plain CGI comes here with every request: a commit each would cost it dearly. */
	if (!err && !is_there(copy, tel_buf_str(&head), text))
		err = tel_file_replace(copy, (struct tel_str[]){ tel_buf_str(&head), text }, 2);
	tel_buf_release(&head);
	/* Who writes it at this moment has read the same file. */
	return err == TEL_EBUSY ? TEL_OK : err;
}
