namespace Seedance.Onnx.Server.Http;

/// <summary>The id that each request gets, which answers and logs name.</summary>
internal static class RequestIdentity
{
    /// <summary>Gives the request its id and tells the client.</summary>
    public static void Set(HttpContext context)
    {
        if (!context.TraceIdentifier.StartsWith("req_", StringComparison.Ordinal))
        {
            context.TraceIdentifier = $"req_{Guid.NewGuid():N}";
        }

        context.Response.Headers["x-request-id"] = context.TraceIdentifier;
    }
}
