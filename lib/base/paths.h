/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the programs of one machine look for each other when nobody says otherwise. */
#ifndef BASE_PATHS_H
#define BASE_PATHS_H

#define CONTROL_DEFAULT_SOCKET "/run/pennyline/pennyline.sock"

#endif
