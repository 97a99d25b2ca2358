using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;
using Seedance.Onnx.Server.Http;
using Seedance.Onnx.Server.Jobs;

namespace Seedance.Onnx.Server.Page;

/// <summary>
/// The page at /, and the one at /docs that shows the API: files that lie in this assembly, and what the page must know of the pack. The page itself needs no key, because it holds nothing; everything that it asks for does.
/// </summary>
internal sealed class PageEndpoints(JobIntake intake, ServerOptions options)
{
    // Where the other files of the page are, as index.html names them.
    private const string Folder = "/page/";
    private const string Prefix = "page/";

    // Everything from this server and nothing inline; blob: is what the page fetched with its key, data: a look at a video in the making.
    private const string ContentPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob: data:; media-src blob:; form-action 'none'; base-uri 'none'; "
        + "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    public void Map(IEndpointRouteBuilder routes)
    {
        foreach (string resource in typeof(PageEndpoints).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            string name = resource[Prefix.Length..];
            byte[] bytes = Read(resource);
            EntityTagHeaderValue tag = new($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))[..32]}\"");
            _ = routes.MapGet(AddressOf(name), (HttpContext context) =>
            {
                Protect(context.Response.Headers);
                return Results.Bytes(bytes, ContentType(name), entityTag: tag);
            }).AllowAnonymous().ExcludeFromDescription();
        }

        PageSettings settings = PageSettings.Of(intake.Contract, intake.LongestFrames, options);
        _ = routes.MapGet(Folder + "settings", () => Results.Json(settings, Envelope.Json)).ExcludeFromDescription();
    }

    /// <summary>Where a file of the page is.</summary>
    public static string AddressOf(string name) => name switch
    {
        "index.html" => "/",
        "docs.html" => "/docs",
        _ => Folder + name,
    };

    private static void Protect(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = ContentPolicy;
        headers.CacheControl = "no-cache"; // kept, but asked about each time
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
    }

    private static byte[] Read(string resource)
    {
        using Stream stream = typeof(PageEndpoints).Assembly.GetManifestResourceStream(resource)!;
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static string ContentType(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        var other => throw new InvalidOperationException($"The page's files must be HTML, CSS, JavaScript or SVG, but one is '{other}'."),
    };
}
