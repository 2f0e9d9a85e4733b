-- SPDX-License-Identifier: BSD-3-Clause
-- One trial of pktgen-dpdk: port 0 sends TCP segments of LAB_FLOWS flows at LAB_RATE_PERCENT for
-- LAB_SECONDS, port 1 counts what comes back. The result goes to LAB_RESULT as JSON.
package.path = package.path .. ";?.lua;app/?.lua"
require "Pktgen"

local flows = tonumber(os.getenv("LAB_FLOWS"))
local seconds = tonumber(os.getenv("LAB_SECONDS"))
local frame_bytes = tonumber(os.getenv("LAB_FRAME_BYTES"))

-- Flows are pairs of source address and port. Both ranges step with every packet, so there are as many
-- pairs as the least common multiple of their lengths: a power of two of addresses, an odd number of ports.
local addresses = 1
while flows % (2 * addresses) == 0 do
   addresses = 2 * addresses
end
local ports = flows // addresses
assert(ports <= 64512 and addresses <= 1 << 24, "LAB_FLOWS must be an odd number up to 64511 times a power of two")

local function address(n)
   return string.format("10.%d.%d.%d", n >> 16, n >> 8 & 255, n & 255)
end

local function range(set, start, step, last)
   set("0", "start", start)
   set("0", "inc", step)
   set("0", "min", start)
   set("0", "max", last)
end

-- pktgen of 2026 has the counters one level deeper.
local function counters(stats, port)
   return stats[port].curr or stats[port]
end

pktgen.stop("all")
pktgen.clear("all")
pktgen.set("0", "rate", tonumber(os.getenv("LAB_RATE_PERCENT")))
pktgen.set("0", "count", 0)
pktgen.range.ip_proto("0", "tcp")
range(pktgen.range.src_ip, address(0), "0.0.0.1", address(addresses - 1))
range(pktgen.range.src_port, 1024, 1, 1023 + ports)
range(pktgen.range.dst_ip, "198.18.0.1", "0.0.0.0", "198.18.0.1")
range(pktgen.range.dst_port, 443, 0, 443)
range(pktgen.range.pkt_size, frame_bytes, 0, frame_bytes)
pktgen.set_range("0", "on")

pktgen.start("0")
pktgen.delay(math.floor(seconds * 1000))
pktgen.stop("0")
pktgen.delay(500)

local stats = pktgen.portStats("0-1", "port")
local file = assert(io.open(os.getenv("LAB_RESULT"), "w"))
file:write(string.format('{"sent": %d, "received": %d}\n',
   counters(stats, 0).opackets, counters(stats, 1).ipackets))
file:close()
pktgen.quit()
