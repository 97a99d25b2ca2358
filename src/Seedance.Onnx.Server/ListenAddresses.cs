using System.Net;

namespace Seedance.Onnx.Server;

/// <summary>Where the server listens, and whether it may.</summary>
internal static class ListenAddresses
{
    /// <summary>The addresses.</summary>
    public static string[] Of(ServerOptions options) =>
        options.Port is { } port ? [$"http://127.0.0.1:{port}"] : options.Urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Refuses addresses that others can reach where nobody needs a key.</summary>
    /// <exception cref="HostSettingsException">An address is none, or needs keys.</exception>
    public static void Require(ServerOptions options, bool hasKeys)
    {
        List<string> problems = [];
        foreach (string url in Of(options))
        {
            BindingAddress? address = TryParse(url);
            if (address is null)
            {
                problems.Add($"urls must be addresses such as http://127.0.0.1:8040, but '{url}' is none.");
            }
            else if (address.Scheme == Uri.UriSchemeHttps && options.Certificate is null)
            {
                problems.Add($"certificate must name a PEM file for '{url}', but is not set. Set it, or listen on http:// behind a proxy.");
            }
            else if (!hasKeys && !IsOwn(address.Host))
            {
                problems.Add($"urls must be addresses of this machine only while there are no API keys, but '{url}' can be reached by others. Make a key with seedance serve --new-key NAME, or listen on 127.0.0.1.");
            }
        }

        if (problems.Count > 0)
        {
            throw new HostSettingsException("server", problems);
        }
    }

    private static bool IsOwn(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));

    private static BindingAddress? TryParse(string url)
    {
        try
        {
            BindingAddress address = BindingAddress.Parse(url);
            return address.IsUnixPipe || address.Scheme is not ("http" or "https") ? null : address;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
