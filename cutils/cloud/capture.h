/* capture.h - a run that makes one image of each machine. */
#ifndef CLOUD_CAPTURE_H
#define CLOUD_CAPTURE_H

#include "cloud/engine.h"
#include "cloud/journal.h"

/* For a fresh run: looks each target's machine up in the world (ERR_NO names
 * what is missing) and chooses the image's name, MACHINE-YYYYMMDDThhmmssZ,
 * which no image or snapshot has. Notes id, size and disk of the machine. */
int capture_prepare(struct journal *, const struct provider *,
		    const struct world *, int64_t now_s,
		    struct err *) MUST_CHECK;

/* Writes the name for an image of this machine taken then: at most max bytes,
 * a longer one is cut and ends in six hex digits of its hash. */
void capture_image_name(char *name, size_t size, const char *machine,
			int64_t epoch_s, size_t max);

#endif
