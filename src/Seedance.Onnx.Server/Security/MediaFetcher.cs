using System.Net;
using System.Net.Security;
using Seedance.Onnx.Server.Http;

namespace Seedance.Onnx.Server.Security;

/// <summary>Fetches what a client's URL gives: only https, only from public addresses, after each of a few redirects anew, and only so many bytes in so much time.</summary>
internal sealed class MediaFetcher : IDisposable
{
    private const int MostRedirects = 3;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    private readonly HttpClient _client;
    private readonly Func<string, bool> _allowsPrivate;

    /// <summary>Creates a fetcher.</summary>
    /// <param name="allowsPrivate">Which hosts may be at private addresses, and without https.</param>
    /// <param name="trust">Which certificates are good; the machine's if not specified.</param>
    public MediaFetcher(Func<string, bool> allowsPrivate, RemoteCertificateValidationCallback? trust = null)
    {
        _allowsPrivate = allowsPrivate;
        _client = new HttpClient(GuardedHttp.CreateHandler((host, address) => PublicAddress.IsPublic(address) || allowsPrivate(host), trust)) { Timeout = Longest };
    }

    /// <summary>Fetches.</summary>
    /// <param name="url">The address.</param>
    /// <param name="mostBytes">How many bytes it may give.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The bytes; null where it is no https URL.</returns>
    /// <exception cref="RequestProblemException">It is refused, or gives nothing that is taken. The text goes on from the name of the parameter.</exception>
    public async Task<byte[]?> FetchAsync(string url, long mostBytes, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? address) || !IsAcceptable(address))
        {
            return null;
        }

        try
        {
            for (int redirects = 0; ; redirects++)
            {
                using HttpResponseMessage response = await _client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
                if (response is { StatusCode: >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest, Headers.Location: { } location })
                {
                    address = new Uri(address, location);
                    if (redirects == MostRedirects || !IsAcceptable(address))
                    {
                        throw Refuse($"must lead to a file in at most {MostRedirects} steps, all of them https, but does not.");
                    }

                    continue;
                }

                return response.IsSuccessStatusCode
                    ? await ReadAsync(response, mostBytes, cancellationToken).ConfigureAwait(false)
                    : throw Refuse($"must be a file that can be fetched, but its server answers {(int)response.StatusCode}.");
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw Refuse(e is AddressRefusedException || e.InnerException is AddressRefusedException
                ? "must be at a public address, but is not."
                : "must be a file that can be fetched, but its server does not answer as it should.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Refuse($"must be fetched in {Longest.TotalSeconds} seconds, but was not.");
        }
    }

    public void Dispose() => _client.Dispose();

    private bool IsAcceptable(Uri address) =>
        address.UserInfo.Length == 0 && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && _allowsPrivate(address.Host)));

    private static RequestProblemException Refuse(string message, ProblemKind kind = ProblemKind.Invalid) => new(kind, message);

    private static async Task<byte[]> ReadAsync(HttpResponseMessage response, long mostBytes, CancellationToken cancellationToken)
    {
        // The client's time limit ends with the headers; the body gets as long again.
        using CancellationTokenSource late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        late.CancelAfter(Longest);
        Stream body = await response.Content.ReadAsStreamAsync(late.Token).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            using MemoryStream bytes = new();
            byte[] buffer = new byte[64 << 10];
            int read;
            while ((read = await body.ReadAsync(buffer, late.Token).ConfigureAwait(false)) > 0)
            {
                if (bytes.Length + read > mostBytes)
                {
                    throw Refuse($"must be at most {mostBytes} bytes, but is larger.", ProblemKind.OversizedImage);
                }

                bytes.Write(buffer, 0, read);
            }

            return bytes.ToArray();
        }
    }
}
