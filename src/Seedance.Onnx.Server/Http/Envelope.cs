using System.Text.Encodings.Web;
using System.Text.Json;

namespace Seedance.Onnx.Server.Http;

/// <summary>How an API says what is wrong: {"error": {…}}, with the status and the words of a table.</summary>
/// <param name="words">Status, code and type for each kind.</param>
internal sealed class Envelope(IReadOnlyDictionary<ProblemKind, (int Status, string? Code, string Type)> words)
{
    /// <summary>How both APIs write JSON.</summary>
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes the answer.</summary>
    public Task WriteAsync(HttpContext context, IReadOnlyList<RequestProblem> problems)
    {
        RequestProblem first = problems[0];
        (int status, string? code, string type) = words[first.Kind];
        HttpResponse response = context.Response;
        response.Clear();
        response.StatusCode = status;
        RequestIdentity.Set(context);
        if (first.RetryAfter is { } retry)
        {
            response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(retry.TotalSeconds)).ToString();
        }
        else if (status is StatusCodes.Status409Conflict or >= StatusCodes.Status500InternalServerError)
        {
            // Clients try these again by themselves, which helps only where somebody says when.
            response.Headers["x-should-retry"] = "false";
        }

        if (status == StatusCodes.Status401Unauthorized)
        {
            response.Headers.WWWAuthenticate = "Bearer";
        }

        ErrorAnswer.Problem error = new(
            $"{string.Join(' ', problems.Select(problem => problem.Message))} Request id: {context.TraceIdentifier}", type, first.Parameter, code,
            [.. problems.Select(problem => new ErrorAnswer.Detail(problem.Parameter, problem.Message))]);
        return response.WriteAsJsonAsync(new ErrorAnswer(error), Json);
    }
}
