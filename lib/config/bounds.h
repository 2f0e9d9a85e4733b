/* SPDX-License-Identifier: BSD-3-Clause */
/* Between what an option's value must lie, for whoever makes a configuration. Pure; any thread. */
#ifndef CONFIG_BOUNDS_H
#define CONFIG_BOUNDS_H

struct config_bounds {
    double least, most;
};

/* Of a number among the parameters of a test ("drop_probability"), or of a port ("queues"). Both
 * bounds are 0 when there is no such number. */
struct config_bounds config_bounds_of_parameter(const char *name);
struct config_bounds config_bounds_of_port(const char *name);

#endif
