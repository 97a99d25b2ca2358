using System.Collections.Frozen;
using Seedance.Onnx.Server.Http;

namespace Seedance.Onnx.Server.OpenAi;

/// <summary>OpenAI's words for what can be wrong. A conflict that will not go away is 400: its clients try 409 again.</summary>
internal static class OpenAiErrors
{
    private const string Request = "invalid_request_error";

    public static Envelope Envelope { get; } = new(new Dictionary<ProblemKind, (int Status, string? Code, string Type)>
    {
        [ProblemKind.Invalid] = (400, "invalid_value", Request),
        [ProblemKind.Missing] = (400, "missing_required_parameter", Request),
        [ProblemKind.Unknown] = (400, "unknown_parameter", Request),
        [ProblemKind.OversizedImage] = (400, "image_too_large", Request),
        [ProblemKind.UnsupportedImage] = (400, "invalid_image_format", Request),
        [ProblemKind.WrongState] = (400, "invalid_state", Request),
        [ProblemKind.Unauthorized] = (401, "invalid_api_key", Request),
        [ProblemKind.Forbidden] = (403, "forbidden", "permission_error"),
        [ProblemKind.NotFound] = (404, "not_found", Request),
        [ProblemKind.ModelNotFound] = (404, "model_not_found", Request),
        [ProblemKind.MethodNotAllowed] = (405, "method_not_allowed", Request),
        [ProblemKind.UnsupportedMedia] = (415, "unsupported_media_type", Request),
        [ProblemKind.TooLarge] = (413, "request_too_large", Request),
        [ProblemKind.RateLimited] = (429, "rate_limit_exceeded", "rate_limit_error"),
        [ProblemKind.QueueFull] = (429, "queue_full", "rate_limit_error"),
        [ProblemKind.Unavailable] = (503, "unavailable", "server_error"),
        [ProblemKind.Internal] = (500, "internal_error", "server_error"),
    }.ToFrozenDictionary());
}
