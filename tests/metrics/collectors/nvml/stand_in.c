/* A stand-in for libnvidia-ml.so.1: what nvidia-ml-py calls, answered for two cards.
 *
 * Card 0 is an ordinary GPU. Card 1 is in MIG mode, with one instance, which is MIG device 1 of it.
 * The file that the variable NVML_STAND_IN names is read at each call, so a test can change what happens under a
 * running server. Its lines, where DEVICE is 0, 1 or 1:1:
 *
 *   unloaded                     there is no driver
 *   reloads N                    the driver was loaded anew N times: whoever initialized before must do so again
 *   lost DEVICE                  the card has fallen off the bus
 *   lacks DEVICE FIGURE          the card has no such figure
 *   energy DEVICE MILLIJOULES
 *   process DEVICE PID BYTES     a process has memory there; - for BYTES: the driver does not tell
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int status;
typedef int *device;
typedef unsigned int uint;
typedef unsigned long long wide;

enum {
    SUCCESS = 0, UNINITIALIZED = 1, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, INSUFFICIENT_SIZE = 7,
    DRIVER_NOT_LOADED = 9, GPU_IS_LOST = 15
};
enum { CARD, MIG_CARD, INSTANCE, DEVICES };

#define MIB (1024ULL * 1024ULL)
#define MOST_MIG_DEVICES 7
#define MIG_INDEX 1
#define NOT_AVAILABLE 0xFFFFFFFFFFFFFFFFULL

static int handles[DEVICES] = {CARD, MIG_CARD, INSTANCE};
static const char *const names[DEVICES] = {"Stand-in G1", "Stand-in G2", "Stand-in G2 MIG 1g.5gb"};
static const char *const uuids[DEVICES] = {"GPU-aaaa", "GPU-bbbb", "MIG-cccc"};
static const char *const labels[DEVICES] = {"0", "1", "1:1"};
static int users;
static long seen_reloads;

typedef struct { char verb[32], device[32], first[32], second[32]; } line;

/* The nth line with this verb and device; "" for a verb without one. */
static int told(const char *verb, const char *of, int nth, line *found) {
    const char *path = getenv("NVML_STAND_IN");
    FILE *file = path ? fopen(path, "r") : NULL;
    char text[256];
    int matches = 0;
    while (file && fgets(text, sizeof text, file)) {
        memset(found, 0, sizeof *found);
        sscanf(text, "%31s %31s %31s %31s", found->verb, found->device, found->first, found->second);
        if (!strcmp(found->verb, verb) && (!*of || !strcmp(found->device, of)) && nth-- == 0) {
            matches = 1;
            break;
        }
    }
    if (file) fclose(file);
    return matches;
}

static long reloads(void) {
    line found;
    return told("reloads", "", 0, &found) ? atol(found.device) : 0;
}

static status library(void) {
    line found;
    if (told("unloaded", "", 0, &found) || !users || seen_reloads != reloads()) return UNINITIALIZED;
    return SUCCESS;
}

/* Whether this figure can be asked of the device. */
static status asked(device of, const char *figure) {
    line found;
    status state = library();
    if (state != SUCCESS) return state;
    if (told("lost", labels[*of], 0, &found)) return GPU_IS_LOST;
    for (int nth = 0; told("lacks", labels[*of], nth, &found); nth++)
        if (!strcmp(found.first, figure)) return NOT_SUPPORTED;
    return SUCCESS;
}

/* As `asked`, for what a MIG instance has not. */
static status asked_of_card(device of, const char *figure) {
    status state = asked(of, figure);
    return state == SUCCESS && *of == INSTANCE ? NOT_SUPPORTED : state;
}

status nvmlInitWithFlags(uint flags) {
    line found;
    (void)flags;
    if (told("unloaded", "", 0, &found)) return DRIVER_NOT_LOADED;
    if (users++ == 0) seen_reloads = reloads();
    return SUCCESS;
}

status nvmlShutdown(void) {
    if (!users) return UNINITIALIZED;
    users--;
    return SUCCESS;
}

const char *nvmlErrorString(status state) {
    (void)state;
    return "Stand-in error";
}

status nvmlDeviceGetCount_v2(uint *count) {
    *count = 2;
    return library();
}

status nvmlDeviceGetHandleByIndex_v2(uint index, device *of) {
    if (index > MIG_CARD) return INVALID_ARGUMENT;
    *of = &handles[index];
    return asked(*of, "handle");
}

status nvmlDeviceGetUUID(device of, char *text, uint size) {
    snprintf(text, size, "%s", uuids[*of]);
    return asked(of, "uuid");
}

status nvmlDeviceGetName(device of, char *text, uint size) {
    snprintf(text, size, "%s", names[*of]);
    return asked(of, "name");
}

typedef struct { wide total, free, used; } memory;

status nvmlDeviceGetMemoryInfo(device of, memory *answer) {
    static const wide total[DEVICES] = {8192 * MIB, 40960 * MIB, 4864 * MIB};
    static const wide used[DEVICES] = {2048 * MIB, 4096 * MIB, 1216 * MIB};
    answer->total = total[*of];
    answer->used = used[*of];
    answer->free = total[*of] - used[*of];
    return asked(of, "memory");
}

typedef struct { uint gpu, memory; } utilization;

status nvmlDeviceGetUtilizationRates(device of, utilization *answer) {
    answer->gpu = 37;
    answer->memory = 90;
    if (*of == MIG_CARD) return NOT_SUPPORTED; /* a card in MIG mode has no rate as a whole */
    return asked_of_card(of, "utilization");
}

status nvmlDeviceGetPowerUsage(device of, uint *milliwatts) {
    *milliwatts = *of == CARD ? 71500 : 120250;
    return asked_of_card(of, "power");
}

status nvmlDeviceGetEnforcedPowerLimit(device of, uint *milliwatts) {
    *milliwatts = *of == CARD ? 150000 : 400000;
    return asked_of_card(of, "power_limit");
}

typedef struct { uint version, sensor; int celsius; } temperature;

status nvmlDeviceGetTemperatureV(device of, temperature *answer) {
    answer->celsius = *of == CARD ? 41 : 55;
    return answer->sensor ? INVALID_ARGUMENT : asked_of_card(of, "temperature");
}

status nvmlDeviceGetTemperature(device of, uint sensor, uint *celsius) {
    *celsius = *of == CARD ? 42 : 56; /* another value, so that a test sees which of the two was asked */
    return sensor ? INVALID_ARGUMENT : asked_of_card(of, "old_temperature");
}

status nvmlDeviceGetClockInfo(device of, uint clock, uint *megahertz) {
    *megahertz = clock == 1 ? 1410 : 9999;
    return asked_of_card(of, "clock");
}

status nvmlDeviceGetTotalEnergyConsumption(device of, wide *millijoules) {
    line found;
    *millijoules = told("energy", labels[*of], 0, &found) ? strtoull(found.first, NULL, 10) : 5000500;
    return asked_of_card(of, "energy");
}

status nvmlDeviceGetTotalEccErrors(device of, uint kind, uint counter, wide *count) {
    *count = kind == 1 && counter == 0 ? 3 : 9999; /* uncorrected, volatile */
    return asked_of_card(of, "ecc");
}

status nvmlDeviceGetMigMode(device of, uint *current, uint *pending) {
    *current = *pending = *of == MIG_CARD;
    return *of == CARD ? NOT_SUPPORTED : asked_of_card(of, "mig");
}

status nvmlDeviceGetMaxMigDeviceCount(device of, uint *count) {
    *count = *of == MIG_CARD ? MOST_MIG_DEVICES : 0;
    return asked_of_card(of, "mig");
}

status nvmlDeviceGetMigDeviceHandleByIndex(device of, uint index, device *instance) {
    status state = asked_of_card(of, "mig");
    if (state != SUCCESS) return state;
    if (*of != MIG_CARD || index != MIG_INDEX) return NOT_FOUND;
    *instance = &handles[INSTANCE];
    return SUCCESS;
}

typedef struct { uint pid; wide used; uint gpu_instance, compute_instance; } process;

static status processes(device of, uint *count, process *answers, const char *figure) {
    line found;
    uint room = *count, running = 0;
    status state = asked(of, figure);
    if (state != SUCCESS) return state;
    for (; told("process", labels[*of], (int)running, &found); running++)
        if (answers && running < room) {
            wide bytes = found.second[0] == '-' ? NOT_AVAILABLE : strtoull(found.second, NULL, 10);
            answers[running] = (process){(uint)atol(found.first), bytes, NOT_AVAILABLE & 0xFFFFFFFF, 0xFFFFFFFF};
        }
    *count = running;
    return running > room || (running && !answers) ? INSUFFICIENT_SIZE : SUCCESS;
}

status nvmlDeviceGetComputeRunningProcesses_v3(device of, uint *count, process *answers) {
    return processes(of, count, answers, "processes");
}

status nvmlDeviceGetComputeRunningProcesses_v2(device of, uint *count, process *answers) {
    return processes(of, count, answers, "old_processes");
}
