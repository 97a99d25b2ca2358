using System.Net;

namespace Seedance.Onnx.Server.Security;

/// <summary>Which addresses the world has, and which ones belong to this machine, its network, or a cloud's insides.</summary>
internal static class PublicAddress
{
    // IANA's registries of special-purpose addresses. 169.254/16 holds the metadata services of clouds.
    private static readonly IPNetwork[] Special =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24",
            "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
        }.Select(IPNetwork.Parse),
    ];

    // Everything else of IPv6 is local, multicast, or stands for an IPv4 address.
    private static readonly IPNetwork Global = IPNetwork.Parse("2000::/3");

    /// <summary>Whether an address is one of the public internet.</summary>
    public static bool IsPublic(IPAddress address)
    {
        IPAddress plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        bool inFamily = plain.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork || Global.Contains(plain);
        return inFamily && !Array.Exists(Special, network => network.Contains(plain));
    }
}
