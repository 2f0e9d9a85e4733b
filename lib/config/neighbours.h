/* SPDX-License-Identifier: BSD-3-Clause */
/* Which slices gain or lose packets when other slices change. Internal to the library, but for
 * slice_may_take_from(). Pure. */
#ifndef CONFIG_NEIGHBOURS_H
#define CONFIG_NEIGHBOURS_H

#include "config/slots.h"

/* May a packet belong to `taker`, where both are, that would belong to `from` if that were alone?
 * Never says no where one may; it may say yes where a longer source of `from` takes all of them. */
bool slice_may_take_from(const struct slice *taker, const struct slice *from);

/* Of the slots that stay or are retuned: those that a slice that came, left or was redrawn takes
 * packets from, or took before, are redrawn as well. 0, or -ENOMEM. */
int neighbours_redraw(const struct config *before, const struct config *after,
                      enum slice_fate *fates);

#endif
