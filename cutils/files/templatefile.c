/* templatefile.c - changing a template on disk; see template.h.
 *
 * The link is resolved first, so that the lock, the temporary and the rename
 * are all beside the real file, whichever name it was reached by. */
#include "files/template.h"

#include "base/atomicfile.h"
#include "files/shellsyntax.h"

#include <errno.h>
#include <stdlib.h>

/* What a change writes: the new text into out, and whether it is new. */
struct change {
	const struct template_value *values; /* NULL: cut the name instead */
	size_t count;
	const char *name;
};

static int apply(const struct template *is, const struct change *change,
		 struct strbuf *out, bool *changed, struct err *err)
{
	if (change->values)
		return template_edit(is, change->values, change->count, out,
				     changed, err);
	*changed = true;
	return template_cut(is, change->name, out, err);
}

static int change_locked(const char *real, const struct change *change,
			 struct err *err)
{
	struct strbuf out = STRBUF(FILE_MAX_BYTES);
	struct template is;
	bool changed;
	int rc = -1;

	if (template_read(&is, real, err) < 0)
		return -1;
	if (apply(&is, change, &out, &changed, err) < 0)
		goto out;
	if (changed && shell_syntax(strbuf_text(&out), out.len,
				    TEMPLATE_WAIT_MS, err) < 0) {
		err_prefix(err, "%s is left as it was", real);
		goto out;
	}
	if (changed &&
	    file_replace(real, strbuf_text(&out), out.len, is.mode, err) < 0)
		goto out;
	rc = 0;
out:
	strbuf_free(&out);
	template_free(&is);
	return rc;
}

static int change_file(const char *path, const struct change *change,
		       struct err *err)
{
	char *real = realpath(path, NULL);
	int lock, rc;

	if (!real && errno == ENOENT)
		return err_set(err, ERR_DATA, "%s: no such file", path);
	if (!real)
		return err_sys(err, "cannot find %s", path);
	lock = file_lock(real, TEMPLATE_WAIT_MS, err);
	rc = lock < 0 ? -1 : change_locked(real, change, err);
	file_unlock(lock);
	free(real);
	return rc;
}

int template_set(const char *path, const struct template_value *values,
		 size_t count, struct err *err)
{
	struct change change = {.values = values, .count = count};

	return change_file(path, &change, err);
}

int template_unset(const char *path, const char *name, struct err *err)
{
	struct change change = {.name = name};

	return change_file(path, &change, err);
}
