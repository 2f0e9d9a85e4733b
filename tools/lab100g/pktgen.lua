-- SPDX-License-Identifier: BSD-3-Clause
-- One trial of pktgen-dpdk: port 0 sends TCP segments of LAB_FLOWS flows at LAB_RATE_PERCENT for
-- LAB_SECONDS, port 1 counts what comes back. The result goes to LAB_RESULT as JSON.
package.path = package.path .. ";?.lua;app/?.lua"
require "Pktgen"

local flows = tonumber(os.getenv("LAB_FLOWS"))
local seconds = tonumber(os.getenv("LAB_SECONDS"))

pktgen.stop("all")
pktgen.clear("all")
pktgen.set("0", "rate", tonumber(os.getenv("LAB_RATE_PERCENT")))
pktgen.set("0", "count", 0)

-- Flows are pairs of source address and port: up to 64,512 ports (1024 to 65535) an address.
local ports = math.min(flows, 64512)
local addresses = math.ceil(flows / ports)
local last = string.format("198.18.%d.%d", math.floor((addresses - 1) / 256), (addresses - 1) % 256)

pktgen.range.ip_proto("0", "tcp")
pktgen.range.src_ip("0", "start", "198.18.0.0")
pktgen.range.src_ip("0", "inc", "0.0.0.1")
pktgen.range.src_ip("0", "min", "198.18.0.0")
pktgen.range.src_ip("0", "max", last)
pktgen.range.dst_ip("0", "start", "198.19.0.1")
pktgen.range.dst_ip("0", "inc", "0.0.0.0")
pktgen.range.src_port("0", "start", 1024)
pktgen.range.src_port("0", "inc", 1)
pktgen.range.src_port("0", "min", 1024)
pktgen.range.src_port("0", "max", 1023 + ports)
pktgen.range.dst_port("0", "start", 443)
pktgen.range.dst_port("0", "inc", 0)
pktgen.range.pkt_size("0", "start", tonumber(os.getenv("LAB_FRAME_BYTES")))
pktgen.range.pkt_size("0", "inc", 0)
pktgen.set_range("0", "on")

pktgen.start("0")
pktgen.delay(math.floor(seconds * 1000))
pktgen.stop("0")
pktgen.delay(500)

local stats = pktgen.portStats("0-1", "port")
local file = assert(io.open(os.getenv("LAB_RESULT"), "w"))
file:write(string.format('{"sent": %d, "received": %d}\n', stats[0].opackets, stats[1].ipackets))
file:close()
pktgen.quit()
