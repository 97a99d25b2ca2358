using System.Data.Common;
using Microsoft.Data.Sqlite;
using Seedance.Onnx.Server.Ark;
using Seedance.Onnx.Server.Jobs;
using Seedance.Onnx.Server.OpenAi;

namespace Seedance.Onnx.Server.Http;

/// <summary>Turns whatever goes wrong with a request into the envelope of the API that was asked, and mistakes of ours into an answer that tells nothing of the inside.</summary>
internal sealed class ProblemAnswers(RequestDelegate next, ILogger<ProblemAnswers> logger)
{
    // SQLite's codes for a file that is none of its own, or not any more: it does not mend by asking again.
    private const int Corrupt = 11;
    private const int NotADatabase = 26;

    private static readonly TimeSpan WhenStoreFails = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WhenDiskIsFull = TimeSpan.FromMinutes(1);

    /// <summary>The envelope of the API that is asked.</summary>
    public static Envelope EnvelopeOf(HttpContext context) => context.Request.Path.StartsWithSegments(ArkEndpoints.Root) ? ArkErrors.Envelope : OpenAiErrors.Envelope;

    public async Task InvokeAsync(HttpContext context)
    {
        RequestIdentity.Set(context);
        Envelope envelope = EnvelopeOf(context);
        try
        {
            await next(context).ConfigureAwait(false);
            if (!context.Response.HasStarted && context.Response is { StatusCode: >= StatusCodes.Status400BadRequest, ContentLength: null, ContentType: null })
            {
                await envelope.WriteAsync(context, [OfStatus(context)]).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (!context.Response.HasStarted && Describe(error, context) is { } problems)
        {
            await envelope.WriteAsync(context, problems).ConfigureAwait(false);
        }
    }

    private IReadOnlyList<RequestProblem>? Describe(Exception error, HttpContext context)
    {
        switch (error)
        {
            case RequestProblemException { Problems: var problems }:
                return problems;
            case BadHttpRequestException or InvalidDataException:
                return [new RequestProblem(ProblemKind.Invalid, $"The request must be well formed, but is not: {error.Message}")];
            case DbException { IsTransient: true }:
                ServerLog.StoreFailed(logger, $"{error.Message} ({context.TraceIdentifier})"); // one line: while another machine is away, every request comes here
                return [StoreIsAway()];
            case DbException and not SqliteException { SqliteErrorCode: Corrupt or NotADatabase }:
                ServerLog.Failed(logger, context.TraceIdentifier, context.Request.Method, context.Request.Path, error);
                return [StoreIsAway()];
            case IOException when JobFiles.IsDiskFull(error):
                ServerLog.Failed(logger, context.TraceIdentifier, context.Request.Method, context.Request.Path, error);
                return [new RequestProblem(ProblemKind.Unavailable, "The disk must have room for results, but is full. Ask again later.", RetryAfter: WhenDiskIsFull)];
            case OperationCanceledException when context.RequestAborted.IsCancellationRequested:
                return null; // nobody listens any more
            default:
                ServerLog.Failed(logger, context.TraceIdentifier, context.Request.Method, context.Request.Path, error);
                return [new RequestProblem(ProblemKind.Internal, "This must not happen, but did; the server's log says more.")];
        }
    }

    private static RequestProblem StoreIsAway() =>
        new(ProblemKind.Unavailable, "The store must be there and take what is written, but cannot be reached or does not now. Ask again later.", RetryAfter: WhenStoreFails);

    private static RequestProblem OfStatus(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status401Unauthorized => new(ProblemKind.Unauthorized, "A valid API key must be given, as Authorization: Bearer KEY, but is not."),
        StatusCodes.Status404NotFound => new(ProblemKind.NotFound, $"There must be something at {context.Request.Path}, but is not."),
        StatusCodes.Status405MethodNotAllowed => new(ProblemKind.MethodNotAllowed, $"{context.Request.Path} must be asked with another method, but was with {context.Request.Method}."),
        StatusCodes.Status413PayloadTooLarge => new(ProblemKind.TooLarge, "The body must be smaller, but is larger than this server takes. Send a smaller image."),
        StatusCodes.Status415UnsupportedMediaType => new(ProblemKind.UnsupportedMedia, $"The body must be JSON or a form, but is '{context.Request.ContentType}'."),
        _ => new(ProblemKind.Invalid, $"The request must be well formed, but is not ({context.Response.StatusCode})."),
    };
}
