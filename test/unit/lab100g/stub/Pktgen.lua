-- SPDX-License-Identifier: BSD-3-Clause
-- Stands in for pktgen-dpdk: keeps what it is told as one line a call in STUB_CALLS, and counts as if
-- port 0 sent STUB_SENT packets and all but STUB_LOST came back by port 1.
local calls = assert(io.open(os.getenv("STUB_CALLS"), "w"))

local function recorder(name)
   return function(...)
      local words = { name }
      for _, value in ipairs({ ... }) do
         words[#words + 1] = tostring(value)
      end
      calls:write(table.concat(words, " "), "\n")
   end
end

pktgen = { range = {} }
for _, name in ipairs({ "stop", "clear", "set", "set_range", "start", "delay" }) do
   pktgen[name] = recorder(name)
end
for _, name in ipairs({ "ip_proto", "src_ip", "dst_ip", "src_port", "dst_port", "pkt_size" }) do
   pktgen.range[name] = recorder("range." .. name)
end

function pktgen.portStats(ports, what)
   recorder("portStats")(ports, what)
   local sent, lost = tonumber(os.getenv("STUB_SENT")), tonumber(os.getenv("STUB_LOST"))
   local result = { [0] = { opackets = sent, ipackets = 0 }, [1] = { opackets = 0, ipackets = sent - lost } }
   if os.getenv("STUB_DEEP") then
      result = { [0] = { curr = result[0] }, [1] = { curr = result[1] } }
   end
   return result
end

function pktgen.quit()
   recorder("quit")()
   calls:close()
end
