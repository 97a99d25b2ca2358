using System.Buffers.Text;
using Seedance.Onnx.Server.Http;

namespace Seedance.Onnx.Server.Security;

/// <summary>Images as clients send them: bytes, data URLs, and addresses that are fetched now, so that a job never depends on what an address gives later.</summary>
internal sealed class ImageInput(MediaFetcher fetcher, ServerOptions options)
{
    private const string DataScheme = "data:";
    private const string Base64Mark = ";base64,";
    private const int LongestAddress = 8192;

    /// <summary>The most characters of a URL, an image as a data URL among them.</summary>
    public static int LongestUrl(ServerOptions options) => Base64.GetMaxEncodedToUtf8Length(options.MaxImageMib << 20) + LongestAddress;

    /// <summary>Reads the image of a URL.</summary>
    /// <param name="url">https: or data:.</param>
    /// <param name="parameter">The parameter that it came with.</param>
    /// <param name="problems">Where problems go.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The bytes; null where there was a problem.</returns>
    public async Task<byte[]?> ReadAsync(string url, string parameter, List<RequestProblem> problems, CancellationToken cancellationToken)
    {
        try
        {
            byte[]? bytes = url.StartsWith(DataScheme, StringComparison.OrdinalIgnoreCase) ? Decode(url) : await fetcher.FetchAsync(url, (long)options.MaxImageMib << 20, cancellationToken).ConfigureAwait(false);
            if (bytes is null)
            {
                problems.Add(new RequestProblem(ProblemKind.Invalid, $"{parameter} must be an https URL, or a data URL such as data:image/png;base64,…, but is neither.", parameter));
                return null;
            }

            return Check(bytes, parameter, problems) ? bytes : null;
        }
        catch (RequestProblemException refused)
        {
            problems.AddRange(refused.Problems.Select(problem => problem with { Message = $"{parameter} {problem.Message}", Parameter = parameter }));
            return null;
        }
    }

    /// <summary>Looks whether bytes may be an image that is taken, before anything decodes them.</summary>
    /// <returns>Whether they may be.</returns>
    public bool Check(ReadOnlyMemory<byte> bytes, string parameter, List<RequestProblem> problems)
    {
        if (bytes.Length > options.MaxImageMib << 20)
        {
            problems.Add(new RequestProblem(ProblemKind.OversizedImage, $"{parameter} must be at most {options.MaxImageMib} MiB, but is larger.", parameter));
            return false;
        }

        if (!ImageKinds.IsKnown(bytes.Span))
        {
            problems.Add(new RequestProblem(ProblemKind.UnsupportedImage, $"{parameter} must be a picture in one of the formats {ImageKinds.Names}, but is not.", parameter));
            return false;
        }

        return true;
    }

    private static byte[]? Decode(string url)
    {
        int mark = url.IndexOf(Base64Mark, StringComparison.OrdinalIgnoreCase);
        if (mark < 0)
        {
            return null;
        }

        byte[] bytes = new byte[(url.Length - mark - Base64Mark.Length) / 4 * 3 + 3];
        return Convert.TryFromBase64Chars(url.AsSpan(mark + Base64Mark.Length), bytes, out int written) ? bytes[..written] : null;
    }
}
