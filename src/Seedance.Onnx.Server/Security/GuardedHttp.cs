using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace Seedance.Onnx.Server.Security;

/// <summary>
/// HTTP to addresses that strangers name. A host is resolved once, every address that comes out must be allowed, and the connection goes to one of those very addresses: a name that
/// resolves otherwise a moment later gains nothing. No proxy, no redirects by itself, no cookies, no decompression.
/// </summary>
internal static class GuardedHttp
{
    private static readonly TimeSpan LongestConnect = TimeSpan.FromSeconds(5);

    /// <summary>Makes the handler.</summary>
    /// <param name="isAllowed">Whether a host may be connected to at an address.</param>
    /// <param name="trust">Which certificates are good; the machine's if not specified.</param>
    public static SocketsHttpHandler CreateHandler(Func<string, IPAddress, bool> isAllowed, RemoteCertificateValidationCallback? trust = null) => new()
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        MaxResponseHeadersLength = 16,
        ConnectTimeout = LongestConnect,
        PooledConnectionLifetime = TimeSpan.Zero,
        SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = trust },
        ConnectCallback = (context, cancellationToken) => ConnectAsync(context.DnsEndPoint, isAllowed, cancellationToken),
    };

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint host, Func<string, IPAddress, bool> isAllowed, CancellationToken cancellationToken)
    {
        IPAddress[] addresses = IPAddress.TryParse(host.Host, out IPAddress? literal) ? [literal] : await Dns.GetHostAddressesAsync(host.Host, cancellationToken).ConfigureAwait(false);
        if (addresses.Length == 0 || !Array.TrueForAll(addresses, address => isAllowed(host.Host, address)))
        {
            throw new AddressRefusedException(host.Host);
        }

        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, host.Port, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
