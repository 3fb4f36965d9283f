#include "config.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lmdb-store/store.h"
#include "base/banned.h"

/* ---- what it lies on ----------------------------------------------------- */

enum tel_lmdb_ground tel_lmdb_ground(unsigned long f_type, const char **name)
{
	/* statfs(2), linux/magic.h; the newer ones are in no header of old systems */
	static const struct {
		unsigned long f_type;
		const char *name;
		enum tel_lmdb_ground ground;
	} known[] = {
		{ 0x6969, "NFS", TEL_LMDB_GROUND_NETWORK },
		{ 0x517b, "SMB", TEL_LMDB_GROUND_NETWORK },
		{ 0xfe534d42, "SMB2", TEL_LMDB_GROUND_NETWORK },
		{ 0xff534d42, "CIFS", TEL_LMDB_GROUND_NETWORK },
		{ 0x01021997, "9p", TEL_LMDB_GROUND_NETWORK },
		{ 0x5346414f, "AFS", TEL_LMDB_GROUND_NETWORK },
		{ 0x6b414653, "AFS", TEL_LMDB_GROUND_NETWORK },
		{ 0x73757245, "Coda", TEL_LMDB_GROUND_NETWORK },
		{ 0x00c36400, "Ceph", TEL_LMDB_GROUND_NETWORK },
		{ 0x0bd00bd0, "Lustre", TEL_LMDB_GROUND_NETWORK },
		{ 0x01161970, "GFS2", TEL_LMDB_GROUND_NETWORK },
		{ 0x7461636f, "OCFS2", TEL_LMDB_GROUND_NETWORK },
		{ 0x65735546, "FUSE", TEL_LMDB_GROUND_UNKNOWN },
	};
	size_t i;

	*name = NULL;
	/* f_type is signed on some machines: compare what all of them have */
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if ((f_type & 0xffffffff) == known[i].f_type) {
			*name = known[i].name;
			return known[i].ground;
		}
	return TEL_LMDB_GROUND_FIRM;
}

static enum tel_err check_ground(const char *path, struct tel_buf *why)
{
	struct statfs fs;
	const char *name;

	if (statfs(path, &fs))
		return tel_lmdb_say(why, tel_lmdb_err(errno), "%s: %s", path, strerror(errno));
	switch (tel_lmdb_ground((unsigned long)fs.f_type, &name)) {
	case TEL_LMDB_GROUND_NETWORK:
		return tel_lmdb_say(why, TEL_EDENIED,
				    "%s is on a network file system (%s), where the locks of the store do not hold: use a local disk", path, name);
	case TEL_LMDB_GROUND_UNKNOWN:
		return tel_lmdb_say(why, TEL_OK,
				    "%s is on %s: make sure that a local disk is behind it", path, name);
	case TEL_LMDB_GROUND_FIRM:
		break;
	}
	return TEL_OK;
}

/* ---- whose it is ----------------------------------------------------------- */

/* "33 (www-data)" */
static const char *user_text(uid_t uid, struct tel_buf *out)
{
	struct passwd entry, *found = NULL;
	char names[1024];

	tel_buf_init(out, 256);
	tel_buf_printf(out, "%lu", (unsigned long)uid);
	if (!getpwuid_r(uid, &entry, names, sizeof(names), &found) && found)
		tel_buf_printf(out, " (%s)", found->pw_name);
	return tel_buf_str(out).ptr;
}

static enum tel_err refuse_owner(const char *path, uid_t owner, struct tel_buf *why)
{
	struct tel_buf theirs, ours;
	const char *owner_text = user_text(owner, &theirs);
	enum tel_err err;

	err = tel_lmdb_say(why, TEL_EDENIED,
			   "%s belongs to user %s and this runs as %s: run it as user %s", path,
			   owner_text, user_text(geteuid(), &ours), owner_text);
	tel_buf_release(&theirs);
	tel_buf_release(&ours);
	return err;
}

static enum tel_err check_owner(const char *path, const struct stat *st, bool read_only,
				struct tel_buf *why)
{
	if (st->st_uid != geteuid() && !(read_only && geteuid() == 0))
		return refuse_owner(path, st->st_uid, why);
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return tel_lmdb_say(why, TEL_EDENIED,
				    "others may write to %s (mode %04o): chmod 0700 it", path,
				    (unsigned)(st->st_mode & 07777));
	return TEL_OK;
}

enum tel_err tel_lmdb_place(const char *path, bool read_only, struct tel_lmdb_place *out,
			    struct tel_buf *why)
{
	struct stat st;
	enum tel_err err;

	if (!read_only && mkdir(path, 0700) && errno != EEXIST)
		return tel_lmdb_say(why, tel_lmdb_err(errno), "cannot make the directory %s: %s",
				    path, strerror(errno));
	if (stat(path, &st))
		return tel_lmdb_say(why, tel_lmdb_err(errno), "%s: %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return tel_lmdb_say(why, TEL_ECORRUPT, "%s is not a directory", path);
	err = check_owner(path, &st, read_only, why);
	if (!err)
		err = check_ground(path, why);
	*out = (struct tel_lmdb_place){ .dev = st.st_dev, .ino = st.st_ino, .owner = st.st_uid,
					.group = st.st_gid };
	return err;
}
