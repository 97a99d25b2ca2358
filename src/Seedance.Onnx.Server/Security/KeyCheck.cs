using Microsoft.AspNetCore.Authorization;
using Seedance.Onnx.Server.Http;

namespace Seedance.Onnx.Server.Security;

/// <summary>
/// Lets requests through that show a key; all, where the server has no keys, which it may only on this machine's own addresses. A browser's page of another origin gets nowhere, with or
/// without a key: without keys, any page on the internet could otherwise ask a server on 127.0.0.1.
/// </summary>
internal sealed class KeyCheck(RequestDelegate next, ApiKeys keys)
{
    private const string Scheme = "Bearer ";

    public Task InvokeAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        bool open = keys.All.Count == 0;
        if (open && !IsLocalName(request.Host.Host))
        {
            throw new RequestProblemException(ProblemKind.Forbidden, $"A server without API keys must be asked as localhost or by a loopback address, but was as '{request.Host.Host}'.");
        }

        if (request.Headers.Origin.ToString() is { Length: > 0 } origin && !IsOwn(origin, request))
        {
            throw new RequestProblemException(ProblemKind.Forbidden, "A page must come from this server to ask it, but comes from another.");
        }

        if (context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is null)
        {
            ApiKey? key = open ? null : FindKey(request);
            context.Features.Set(key is null ? Caller.Anybody : new Caller(key.Name));
            context.Features.Set(key);
        }

        return next(context);
    }

    private ApiKey FindKey(HttpRequest request)
    {
        string shown = request.Headers.Authorization.ToString();
        return (shown.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? keys.Find(shown[Scheme.Length..].Trim()) : null)
            ?? throw new RequestProblemException(ProblemKind.Unauthorized, "A valid API key must be given, as Authorization: Bearer KEY, but is not.");
    }

    private static bool IsOwn(string origin, HttpRequest request) =>
        Uri.TryCreate(origin, UriKind.Absolute, out Uri? address) && string.Equals(address.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase);

    // Whoever rebinds a name of theirs to 127.0.0.1 still sends that name.
    private static bool IsLocalName(string host) => string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase)
        || (System.Net.IPAddress.TryParse(host, out System.Net.IPAddress? address) && System.Net.IPAddress.IsLoopback(address));
}
