using System.Collections.Frozen;
using Seedance.Onnx.Server.Http;

namespace Seedance.Onnx.Server.Ark;

/// <summary>Ark's words for what can be wrong.</summary>
internal static class ArkErrors
{
    private const string Request = "BadRequest";

    public static Envelope Envelope { get; } = new(new Dictionary<ProblemKind, (int Status, string? Code, string Type)>
    {
        [ProblemKind.Invalid] = (400, "InvalidParameter", Request),
        [ProblemKind.Missing] = (400, "MissingParameter", Request),
        [ProblemKind.Unknown] = (400, "InvalidParameter", Request),
        [ProblemKind.OversizedImage] = (400, "InvalidParameter.OversizedImage", Request),
        [ProblemKind.UnsupportedImage] = (400, "InvalidParameter.UnsupportedImageFormat", Request),
        [ProblemKind.WrongState] = (409, "InvalidAction", "Conflict"),
        [ProblemKind.Unauthorized] = (401, "AuthenticationError", "Unauthorized"),
        [ProblemKind.Forbidden] = (403, "AccessDenied", "Forbidden"),
        [ProblemKind.NotFound] = (404, "NotFound", "NotFound"),
        [ProblemKind.ModelNotFound] = (404, "InvalidEndpointOrModel.NotFound", "NotFound"),
        [ProblemKind.MethodNotAllowed] = (405, "MethodNotAllowed", Request),
        [ProblemKind.UnsupportedMedia] = (415, "InvalidParameter", Request),
        [ProblemKind.TooLarge] = (413, "InvalidParameter", Request),
        [ProblemKind.RateLimited] = (429, "RateLimitExceeded.RequestRate", "TooManyRequests"),
        [ProblemKind.QueueFull] = (429, "ServerOverloaded", "TooManyRequests"),
        [ProblemKind.Unavailable] = (503, "ServerOverloaded", "ServiceUnavailable"),
        [ProblemKind.Internal] = (500, "InternalServiceError", "InternalServerError"),
    }.ToFrozenDictionary());
}
