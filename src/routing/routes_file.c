#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/limits.h"
#include "routing/agent_config.h"
#include "routing/routes_file.h"
#include "routing/routes_good.h"
#include "base/banned.h"

/* Of one broken file, the log gets so many problems. */
#define LOGGED_PROBLEMS 10

/* Rules that somebody uses. `users` is guarded by the file's lock. */
struct view {
	struct tel_routes *routes;
	size_t users;			/* being in force counts as one */
};

/* What tells one state of the file from another. */
struct stamp {
	int error;			/* of stat(2); 0 = it is there */
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified, changed;
};

struct routes_file {
	struct tel_routing base;
	struct tel_clock *clock;
	struct tel_log *log;
	char *path;			/* owned; NULL = no file */
	char *agent_name;		/* owned */
	char *copy;			/* owned; NULL = none is kept */

	struct stamp stamp;		/* belongs to whoever set `checking` */

	pthread_mutex_t lock;		/* guards all below; held briefly */
	bool checking;
	tel_time next_check;		/* monotonic */
	struct view *view;		/* in force */
	struct tel_routes_file_status status;
};

/* ---- reading, and keeping what is good ------------------------------------ */

static void keep(struct routes_file *f, struct tel_str text)
{
	enum tel_err err = f->copy ? tel_routes_good_keep(f->copy, f->path, text) : TEL_OK;

	if (err)
		tel_log_line(f->log, TEL_LOG_WARN, "routes_not_kept", TEL_F_TEXT("file", f->copy),
			     TEL_F_TEXT("error", tel_err_text(err)));
}

/* TEL_EMALFORMED (see problems; a file that can't be read, too) | TEL_ENOMEM */
static enum tel_err read_rules(struct routes_file *f, struct tel_routes **out,
			       struct tel_problems *problems)
{
	struct tel_routes_options options = { f->path, f->agent_name };
	struct tel_file file;
	enum tel_err err = tel_file_read(f->path, TEL_MAX_ROUTES_FILE, &file);

	if (err == TEL_ENOMEM)
		return err;
	if (err) {
		tel_problems_error(problems, (struct tel_problem_at){ .origin = f->path },
				   "the routes can't be read: %s", tel_file_problem(err));
		return TEL_EMALFORMED;
	}
	err = tel_routes_parse(tel_file_str(&file), &options, out, problems);
	if (!err)
		keep(f, tel_file_str(&file));
	tel_file_release(&file);
	return err;
}

static const char *copy_problem(enum tel_err err)
{
	switch (err) {
	case TEL_ECONFLICT:
		return "it is a copy of another file than TELEPHONY_ROUTES names now";
	case TEL_EDENIED:
		return "it can't be read, or it belongs to another user, or others may write to it";
	case TEL_ECORRUPT:
		return "it is damaged";
	default:
		return tel_file_problem(err);
	}
}

/* Of what is wrong with it, the first will do: nobody is to mend a copy. */
static void ignore_copy(struct routes_file *f, const struct tel_problems *problems,
			enum tel_err err)
{
	struct tel_buf text;

	tel_buf_init(&text, 4096);
	if (problems->n > 0)
		tel_problem_write(&problems->items[0], &text);
	else
		tel_buf_puts(&text, copy_problem(err));
	tel_log_line(f->log, TEL_LOG_WARN, "routes_copy_ignored", TEL_F_TEXT("file", f->copy),
		     TEL_F_STR("detail", tel_buf_str(&text)));
	tel_buf_release(&text);
}

static enum tel_err parse_copy(struct routes_file *f, struct tel_routes **out, tel_time *since,
			       struct tel_problems *problems)
{
	struct tel_routes_options options = { f->copy, f->agent_name };
	struct tel_file file;
	struct tel_str text;
	enum tel_err err = tel_routes_good_read(f->copy, f->path, &file, &text);

	if (err)
		return err;
	err = tel_routes_parse(text, &options, out, problems);
	*since = file.st.st_mtim.tv_sec * TEL_SECOND + file.st.st_mtim.tv_nsec / 1000000;
	tel_file_release(&file);
	return err;
}

/* TEL_EMALFORMED: no copy, or none that can be used | TEL_ENOMEM */
static enum tel_err read_copy(struct routes_file *f, struct tel_routes **out, tel_time *since)
{
	struct tel_problems problems = { 0 };
	enum tel_err err = f->copy ? parse_copy(f, out, since, &problems) : TEL_ENOTFOUND;

	if (err && err != TEL_ENOTFOUND && err != TEL_ENOMEM)
		ignore_copy(f, &problems, err);
	tel_problems_release(&problems);
	return err && err != TEL_ENOMEM ? TEL_EMALFORMED : err;
}

/* ---- views -------------------------------------------------------------- */

static struct view *view_new(struct tel_routes *routes)
{
	struct view *view = malloc(sizeof(*view));

	if (view)
		*view = (struct view){ routes, 1 };
	return view;
}

static struct view *view_take(struct routes_file *f)
{
	struct view *view;

	pthread_mutex_lock(&f->lock);
	view = f->view;
	view->users++;
	pthread_mutex_unlock(&f->lock);
	return view;
}

static void view_drop(struct routes_file *f, struct view *view)
{
	bool last;

	pthread_mutex_lock(&f->lock);
	last = --view->users == 0;
	pthread_mutex_unlock(&f->lock);
	if (!last)
		return;
	tel_routes_free(view->routes);
	free(view);
}

/* ---- reading it again --------------------------------------------------- */

static struct stamp look_at(const char *path)
{
	struct stamp stamp = { 0 };
	struct stat st;

	if (stat(path, &st)) {
		stamp.error = errno;
		return stamp;
	}
	stamp.device = st.st_dev;
	stamp.inode = st.st_ino;
	stamp.size = st.st_size;
	stamp.modified = st.st_mtim;
	stamp.changed = st.st_ctim;
	return stamp;
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same(const struct stamp *a, const struct stamp *b)
{
	return a->error == b->error && a->device == b->device && a->inode == b->inode &&
	       a->size == b->size && same_time(a->modified, b->modified) &&
	       same_time(a->changed, b->changed);
}

static void put_in_force(struct routes_file *f, struct view *view, tel_time since)
{
	struct view *old;

	pthread_mutex_lock(&f->lock);
	old = f->view;
	f->view = view;
	f->status = (struct tel_routes_file_status){
		.fine = true,
		.loaded_at = since,
		.numbers = tel_routes_numbers(view->routes),
		.trunks = tel_routes_trunks(view->routes),
	};
	pthread_mutex_unlock(&f->lock);
	if (old)
		view_drop(f, old);
}

static void note_broken(struct routes_file *f, const struct tel_problems *problems)
{
	size_t i, n = problems->n < LOGGED_PROBLEMS ? problems->n : LOGGED_PROBLEMS;
	char since[TEL_TIME_TEXT];
	struct tel_buf text;

	pthread_mutex_lock(&f->lock);
	f->status.fine = false;
	f->status.n_problems = problems->n_errors;
	f->status.broken_at = tel_now(f->clock);
	tel_time_format(f->status.loaded_at, since);
	pthread_mutex_unlock(&f->lock);
	tel_buf_init(&text, 4096);
	for (i = 0; i < n; i++) {
		tel_buf_clear(&text);
		tel_problem_write(&problems->items[i], &text);
		tel_log_line(f->log, problems->items[i].warning ? TEL_LOG_WARN : TEL_LOG_ERROR,
			     "routes_problem", TEL_F_STR("problem", tel_buf_str(&text)));
	}
	tel_log_line(f->log, TEL_LOG_ERROR, "routes_broken", TEL_F_TEXT("file", f->path),
		     TEL_F_INT("problems", (int64_t)problems->n_errors),
		     TEL_F_TEXT("inForce", "the rules before it"), TEL_F_TEXT("since", since));
	tel_buf_release(&text);
}

/* TEL_ENOMEM: neither good nor bad, it is to be tried again. */
static enum tel_err reload(struct routes_file *f)
{
	struct tel_problems problems = { 0 };
	struct tel_routes *routes = NULL;
	struct view *view = NULL;
	enum tel_err err = read_rules(f, &routes, &problems);

	if (err == TEL_EMALFORMED) {
		note_broken(f, &problems);
		err = TEL_OK;
	} else if (!err) {
		view = view_new(routes);
		err = view ? TEL_OK : TEL_ENOMEM;
	}
	if (view) {
		tel_log_line(f->log, TEL_LOG_INFO, "routes_loaded", TEL_F_TEXT("file", f->path),
			     TEL_F_INT("numbers", (int64_t)tel_routes_numbers(routes)),
			     TEL_F_INT("trunks", (int64_t)tel_routes_trunks(routes)));
		put_in_force(f, view, tel_now(f->clock));
	} else {
		tel_routes_free(routes);
	}
	tel_problems_release(&problems);
	return err;
}

static void check_now(struct routes_file *f)
{
	/*
	 * Before it is read: if it changes in between, the next look sees
	 * another stamp and it is read once more.
	 */
	struct stamp stamp = look_at(f->path);

	if (same(&stamp, &f->stamp))
		return;
	if (reload(f) == TEL_OK)
		f->stamp = stamp;
	else
		tel_log_line(f->log, TEL_LOG_WARN, "routes_not_read",
			     TEL_F_TEXT("error", tel_err_text(TEL_ENOMEM)));
}

/* One thread looks, the others go on with what is in force. */
static void check(struct routes_file *f)
{
	tel_time now = tel_monotonic(f->clock);
	bool mine;

	if (!f->path)
		return;
	pthread_mutex_lock(&f->lock);
	mine = !f->checking && now >= f->next_check;
	if (mine) {
		f->checking = true;
		f->next_check = now + TEL_ROUTES_CHECK_EVERY;
	}
	pthread_mutex_unlock(&f->lock);
	if (!mine)
		return;
	check_now(f);
	pthread_mutex_lock(&f->lock);
	f->checking = false;
	pthread_mutex_unlock(&f->lock);
}

/* ---- the port ----------------------------------------------------------- */

static enum tel_err resolve(struct tel_routing *base, const struct tel_route_query *query,
			    struct tel_route *out)
{
	struct routes_file *f = (struct routes_file *)base;
	struct view *view;
	enum tel_err err;

	check(f);
	view = view_take(f);
	err = tel_routes_resolve(view->routes, query, out, NULL);
	view_drop(f, view);
	return err;
}

static enum tel_err check_patch(struct tel_routing *base, struct tel_str patch,
				struct tel_problems *problems)
{
	struct json_object *config;
	enum tel_err err = tel_agent_config_parse(patch, &config, problems);

	(void)base;
	if (!err)
		json_object_put(config);
	return err;
}

static const struct tel_routing_ops ops = {
	.name = "file",
	.resolve = resolve,
	.check_patch = check_patch,
};

static enum tel_err copy_options(struct routes_file *f,
				 const struct tel_routes_file_options *options)
{
	f->base.ops = &ops;
	f->clock = options->clock;
	f->log = options->log;
	f->next_check = tel_monotonic(options->clock) + TEL_ROUTES_CHECK_EVERY;
	f->agent_name = strdup(options->agent_name);
	f->path = options->path ? strdup(options->path) : NULL;
	f->copy = options->copy ? strdup(options->copy) : NULL;
	return f->agent_name && (f->path || !options->path) && (f->copy || !options->copy) ?
	       TEL_OK : TEL_ENOMEM;
}

static enum tel_err first_rules(struct routes_file *f, struct tel_routes **out,
				struct tel_problems *problems)
{
	struct tel_routes_options no_file = { NULL, f->agent_name };

	if (!f->path)
		return tel_routes_parse(TEL_STR("{}"), &no_file, out, problems);
	f->stamp = look_at(f->path);
	return read_rules(f, out, problems);
}

/* `broken`: what is wrong with the file that should have been in force. */
static enum tel_err first_view(struct routes_file *f, struct tel_problems *broken)
{
	tel_time since = tel_now(f->clock);
	struct tel_routes *routes = NULL;
	struct view *view;
	enum tel_err err, of_copy;

	err = of_copy = first_rules(f, &routes, broken);
	if (err == TEL_EMALFORMED)
		of_copy = read_copy(f, &routes, &since);
	if (of_copy)
		return of_copy;
	view = view_new(routes);
	if (!view) {
		tel_routes_free(routes);
		return TEL_ENOMEM;
	}
	put_in_force(f, view, since);
	if (err)
		note_broken(f, broken);
	return TEL_OK;
}

enum tel_err tel_routes_file_open(const struct tel_routes_file_options *options,
				  struct tel_routing **out, struct tel_problems *problems)
{
	struct routes_file *f = calloc(1, sizeof(*f));
	struct tel_problems found = { 0 };
	enum tel_err err;

	if (!f)
		return TEL_ENOMEM;
	pthread_mutex_init(&f->lock, NULL);
	err = copy_options(f, options);
	if (!err)
		err = first_view(f, &found);
	/* What went into the log already is no problem of the caller's. */
	if (f->view && !f->status.fine)
		tel_problems_release(&found);
	tel_problems_move(problems, &found);
	if (err)
		tel_routes_file_close(&f->base);
	else
		*out = &f->base;
	return err;
}

void tel_routes_file_close(struct tel_routing *routing)
{
	struct routes_file *f = (struct routes_file *)routing;

	if (!f)
		return;
	if (f->view)
		view_drop(f, f->view);
	pthread_mutex_destroy(&f->lock);
	free(f->agent_name);
	free(f->path);
	free(f->copy);
	free(f);
}

void tel_routes_file_status(struct tel_routing *routing, struct tel_routes_file_status *out)
{
	struct routes_file *f = (struct routes_file *)routing;

	pthread_mutex_lock(&f->lock);
	*out = f->status;
	pthread_mutex_unlock(&f->lock);
}

bool tel_routes_file_is_fine(void *routing, struct tel_buf *why)
{
	struct tel_routes_file_status status;
	char since[TEL_TIME_TEXT];

	check(routing);
	tel_routes_file_status(routing, &status);
	if (!status.fine)
		tel_buf_printf(why, "the routes file has %zu problem%s since %s; the rules before "
			       "it are in force", status.n_problems,
			       status.n_problems == 1 ? "" : "s",
			       tel_time_format(status.broken_at, since));
	return status.fine;
}
