namespace Seedance.Onnx.Server.Http;

/// <summary>Where clients reach this server.</summary>
internal static class Links
{
    /// <summary>The address that links begin with, without a slash at the end.</summary>
    public static string BaseOf(HttpContext context, ServerOptions options) => options.PublicUrl?.TrimEnd('/') ?? $"{context.Request.Scheme}://{context.Request.Host}";
}
