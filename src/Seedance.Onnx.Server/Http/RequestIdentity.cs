namespace Seedance.Onnx.Server.Http;

/// <summary>What every answer carries: the id of its request, which logs name too, and that browsers must not guess its type.</summary>
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
        context.Response.Headers.XContentTypeOptions = "nosniff";
    }
}
