/* SPDX-License-Identifier: BSD-3-Clause */
/* The draw of a member in a row is an exponential one with the member's weight as its rate: the
 * smallest of such draws is member i's with probability w[i] / sum of w, whatever the others do.
 * From a uniform u in (0, 1), -log(u) / w is one. Any base of the logarithm gives the same order,
 * so it is base 2; and two draws are compared by products, so that nothing is divided.
 *
 * The logarithm is by a table of 256 chords. A chord lies off the curve by at most f'' h^2 / 8 <
 * 1.45 / 2^19 = 2.8e-6. Near u = 1, where small draws of many members lie, it is off by less than
 * 0.1 % of the draw, since each chord meets the curve at both ends: shares are off by no more than
 * that, and the draws themselves differ by far more. */
#include "service/rows.h"

#include "base/hash.h"

#define CHORD_BITS    8
#define FRACTION_BITS 32

/* Fixed: the digits of pi behind those that lib/nexthop takes. */
static const uint64_t row_multiplier = UINT64_C(0xbe5466cf34e90c6c);
static const uint64_t draw_multiplier = UINT64_C(0xc0ac29b7c97c50dd);

/* log2(1 + i / 256), in units of 2^-32, rounded to the nearest. */
static const uint64_t chords[(1 << CHORD_BITS) + 1] = {
    0,          24157255,   48220695,   72191046,   96069025,   119855343,  143550699,  167155786,
    190671291,  214097890,  237436253,  260687042,  283850912,  306928510,  329920477,  352827446,
    375650043,  398388887,  421044590,  443617759,  466108993,  488518883,  510848017,  533096975,
    555266330,  577356649,  599368495,  621302422,  643158981,  664938715,  686642163,  708269857,
    729822324,  751300086,  772703658,  794033552,  815290272,  836474320,  857586191,  878626374,
    899595355,  920493615,  941321628,  962079865,  982768792,  1003388871, 1023940559, 1044424306,
    1064840562, 1085189769, 1105472367, 1125688789, 1145839467, 1165924827, 1185945290, 1205901275,
    1225793196, 1245621463, 1265386481, 1285088654, 1304728379, 1324306051, 1343822060, 1363276795,
    1382670639, 1402003972, 1421277169, 1440490605, 1459644648, 1478739665, 1497776018, 1516754066,
    1535674166, 1554536671, 1573341930, 1592090289, 1610782092, 1629417679, 1647997388, 1666521551,
    1684990500, 1703404565, 1721764068, 1740069334, 1758320682, 1776518428, 1794662886, 1812754368,
    1830793181, 1848779632, 1866714024, 1884596657, 1902427829, 1920207835, 1937936969, 1955615520,
    1973243777, 1990822024, 2008350545, 2025829620, 2043259528, 2060640543, 2077972941, 2095256991,
    2112492963, 2129681124, 2146821738, 2163915068, 2180961373, 2197960912, 2214913940, 2231820712,
    2248681479, 2265496490, 2282265995, 2298990237, 2315669461, 2332303909, 2348893820, 2365439432,
    2381940981, 2398398701, 2414812824, 2431183582, 2447511201, 2463795910, 2480037932, 2496237492,
    2512394810, 2528510107, 2544583599, 2560615505, 2576606038, 2592555411, 2608463835, 2624331521,
    2640158677, 2655945509, 2671692221, 2687399018, 2703066101, 2718693670, 2734281925, 2749831063,
    2765341278, 2780812767, 2796245722, 2811640333, 2826996792, 2842315287, 2857596005, 2872839132,
    2888044853, 2903213350, 2918344806, 2933439400, 2948497313, 2963518722, 2978503803, 2993452732,
    3008365682, 3023242827, 3038084339, 3052890387, 3067661140, 3082396766, 3097097433, 3111763305,
    3126394546, 3140991321, 3155553791, 3170082117, 3184576458, 3199036973, 3213463820, 3227857155,
    3242217134, 3256543910, 3270837638, 3285098468, 3299326552, 3313522041, 3327685082, 3341815825,
    3355914416, 3369981001, 3384015725, 3398018732, 3411990165, 3425930167, 3439838878, 3453716438,
    3467562987, 3481378662, 3495163602, 3508917943, 3522641820, 3536335369, 3549998721, 3563632012,
    3577235372, 3590808933, 3604352825, 3617867177, 3631352118, 3644807776, 3658234277, 3671631748,
    3685000315, 3698340100, 3711651229, 3724933824, 3738188006, 3751413898, 3764611620, 3777781291,
    3790923031, 3804036958, 3817123189, 3830181840, 3843213029, 3856216870, 3869193478, 3882142967,
    3895065449, 3907961038, 3920829844, 3933671979, 3946487554, 3959276677, 3972039458, 3984776005,
    3997486426, 4010170828, 4022829316, 4035461997, 4048068976, 4060650357, 4073206244, 4085736740,
    4098241947, 4110721967, 4123176902, 4135606852, 4148011918, 4160392197, 4172747791, 4185078796,
    4197385310, 4209667431, 4221925255, 4234158878, 4246368396, 4258553902, 4270715492, 4282853259,
    4294967296,
};

/* -log2((h + 1/2) / 2^64) in units of 2^-32. */
static uint64_t minus_log2(uint64_t h)
{
    const unsigned int shift = h == 0 ? 63 : (unsigned int)__builtin_clzll(h);
    const uint64_t mantissa = h == 0 ? UINT64_C(1) << 63 : h << shift; /* in [2^63, 2^64) */
    const uint64_t rest = mantissa << 1; /* the bits below the first */
    const uint32_t i = (uint32_t)(rest >> (64 - CHORD_BITS));
    const uint64_t along = rest << CHORD_BITS >> 32; /* of the chord, in units of 2^-32 */
    const uint64_t log2 = chords[i] + ((chords[i + 1] - chords[i]) * along >> 32);

    return ((uint64_t)(shift + 1) << FRACTION_BITS) - log2;
}

uint8_t service_choose_member(const struct service_members *members, uint64_t usable, uint16_t row)
{
    const uint64_t mixed = hash_fold(row ^ UINT64_C(0x3f84d5b5b5470917), row_multiplier);
    uint64_t best_draw = 0, best_weight = 0;
    uint8_t best = SERVICE_NO_MEMBER;

    for (uint32_t i = 0; i < members->n; i++) {
        const uint64_t weight = (usable >> i & 1) != 0 ? members->weights[i] : 0;
        uint64_t draw;

        if (weight == 0)
            continue;
        draw = minus_log2(hash_fold(mixed ^ members->keys[i], draw_multiplier));
        /* draw / weight < best_draw / best_weight; equal ones by what they are, not by places. */
        if (best == SERVICE_NO_MEMBER || draw * best_weight < best_draw * weight ||
            (draw * best_weight == best_draw * weight && members->keys[i] < members->keys[best])) {
            best = (uint8_t)i;
            best_draw = draw;
            best_weight = weight;
        }
    }
    return best;
}

void service_rows_begin(struct service_rows_build *build, const struct service_members *members,
                        uint64_t usable, uint8_t *rows)
{
    *build = (struct service_rows_build){.members = members, .usable = usable, .rows = rows};
}

bool service_rows_continue(struct service_rows_build *build, uint32_t n_rows)
{
    const uint32_t left = SERVICE_ROWS - build->n_done,
                   end = build->n_done + (n_rows < left ? n_rows : left);

    for (; build->n_done < end; build->n_done++)
        build->rows[build->n_done] =
            service_choose_member(build->members, build->usable, (uint16_t)build->n_done);
    return build->n_done == SERVICE_ROWS;
}
