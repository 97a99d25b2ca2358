using Microsoft.EntityFrameworkCore;
using Seedance.Onnx.Server.Http;
using Seedance.Onnx.Server.Jobs;

namespace Seedance.Onnx.Server.OpenAi;

/// <summary>The OpenAI Videos API.</summary>
internal sealed class OpenAiEndpoints(JobIntake intake, OpenAiRequestReader reader, JobStore store, JobFiles files, ProgressBoard board, ResultFiles results, EventStream events)
{
    public const string Root = "/v1/videos";

    private const int DefaultLimit = 20;
    private const int MaxLimit = 100;
    private const string PollAfter = "1000";

    public void Map(IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder videos = routes.MapGroup(Root).WithTags("OpenAI Videos").Refuses();
        videos.MapPost("", CreateAsync).Accepts<OpenAiCreateRequest>("multipart/form-data", "application/json").Produces<OpenAiVideo>().WithSummary("Asks for a video: multipart/form-data or JSON");
        videos.MapGet("", ListAsync).Produces<OpenAiVideoList>().WithSummary("Lists videos, page by page");
        videos.MapGet("{id}", GetAsync).Produces<OpenAiVideo>().WithSummary("Tells how far a video is");
        videos.MapDelete("{id}", DeleteAsync).Produces<OpenAiDeletedVideo>().WithSummary("Removes a video; one that waits or runs is stopped");
        videos.MapGet("{id}/content", ContentAsync).Produces(StatusCodes.Status200OK, contentType: "video/mp4").WithSummary("Downloads the video, its first frame or a sheet of frames");
        videos.MapGet("{id}/images/{role}", ImageAsync).Produces(StatusCodes.Status200OK, contentType: "application/octet-stream").WithSummary("Gives an image back that came with the request: first_frame or last_frame");
        videos.MapPost("{id}/remix", RemixAsync).Accepts<OpenAiRemixRequest>("application/json").Produces<OpenAiVideo>().WithSummary("Makes the video again with another prompt");
        videos.MapGet("{id}/events", EventsAsync).Produces(StatusCodes.Status200OK, contentType: "text/event-stream").WithSummary("Tells of place, steps and looks as they come");
    }

    private async Task<IResult> CreateAsync(HttpContext context, CancellationToken cancellationToken)
    {
        JobDraft draft = await reader.ReadAsync(context, cancellationToken).ConfigureAwait(false);
        return Answer(context, await intake.SubmitAsync(draft, Caller.NameOf(context), cancellationToken).ConfigureAwait(false));
    }

    private async Task<IResult> RemixAsync(string id, HttpContext context, CancellationToken cancellationToken)
    {
        VideoJob job = await FindFinishedAsync(id, context, cancellationToken).ConfigureAwait(false);
        JobDraft draft = await reader.ReadRemixAsync(context, job, files, cancellationToken).ConfigureAwait(false);
        return Answer(context, await intake.SubmitAsync(draft, Caller.NameOf(context), cancellationToken).ConfigureAwait(false));
    }

    private async Task<IResult> GetAsync(string id, HttpContext context, CancellationToken cancellationToken) =>
        Answer(context, await FindAsync(id, context, cancellationToken).ConfigureAwait(false));

    private async Task<IResult> ListAsync(HttpContext context, CancellationToken cancellationToken, string? after = null, string? limit = null, string? order = null)
    {
        if (order is not (null or "asc" or "desc"))
        {
            throw new RequestProblemException(ProblemKind.Invalid, $"order must be asc or desc, but is '{order}'.", "order");
        }

        int most = DefaultLimit;
        if (limit is not null && (!int.TryParse(limit, out most) || most is < 1 or > MaxLimit))
        {
            throw new RequestProblemException(ProblemKind.Invalid, $"limit must be a whole number from 1 to {MaxLimit}, but is '{limit}'.", "limit");
        }

        long? from = after is null ? null : (await store.FindAsync(Caller.NameOf(context), after, cancellationToken).ConfigureAwait(false))?.Number
            ?? throw new RequestProblemException(ProblemKind.Invalid, "after must be the id of a video of yours, but is not.", "after");
        List<VideoJob> page = await store.QueryAsync(Caller.NameOf(context), jobs => (order == "asc"
            ? jobs.Where(job => from == null || job.Number > from).OrderBy(job => job.Number)
            : jobs.Where(job => from == null || job.Number < from).OrderByDescending(job => job.Number)).Take(most + 1).ToListAsync(cancellationToken), cancellationToken).ConfigureAwait(false);
        OpenAiVideo[] data = [.. page.Take(most).Select(job => OpenAiVideo.Of(job, board.Find(job)))];
        return Results.Json(new OpenAiVideoList("list", data, data.FirstOrDefault()?.Id, data.LastOrDefault()?.Id, page.Count > most), Envelope.Json);
    }

    private async Task<IResult> DeleteAsync(string id, HttpContext context, CancellationToken cancellationToken)
    {
        VideoJob job = await FindAsync(id, context, cancellationToken).ConfigureAwait(false);
        if (!await store.RemoveAsync(job, JobStatus.Running).ConfigureAwait(false))
        {
            _ = await store.RemoveAsync(job).ConfigureAwait(false);
            files.Remove(job); // of one that ran, here or elsewhere, the worker finds the row gone, and clears up
        }

        board.Stop(job.Id);

        return Results.Json(new OpenAiDeletedVideo(job.Id, Deleted: true, "video.deleted"), Envelope.Json);
    }

    private async Task<IResult> ContentAsync(string id, HttpContext context, CancellationToken cancellationToken, string? variant = null)
    {
        if (variant is not (null or "video" or "thumbnail" or "spritesheet"))
        {
            throw new RequestProblemException(ProblemKind.Invalid, $"variant must be video, thumbnail or spritesheet, but is '{variant}'.", "variant");
        }

        VideoJob job = await FindFinishedAsync(id, context, cancellationToken).ConfigureAwait(false);
        return variant switch
        {
            "thumbnail" => await results.ThumbnailAsync(job, cancellationToken).ConfigureAwait(false),
            "spritesheet" => await results.SpritesheetAsync(job, cancellationToken).ConfigureAwait(false),
            _ => results.Video(job),
        };
    }

    private async Task<IResult> ImageAsync(string id, string role, HttpContext context, CancellationToken cancellationToken)
    {
        VideoJob job = await FindAsync(id, context, cancellationToken).ConfigureAwait(false);
        OrderImage image = job.Order.Images.FirstOrDefault(image => image.Role == role)
            ?? throw new RequestProblemException(ProblemKind.NotFound, "The image must have come with the request, but there is none of this role.", "role");
        return results.Image(job, image);
    }

    private async Task<IResult> EventsAsync(string id, HttpContext context, CancellationToken cancellationToken) =>
        events.Watch(await FindAsync(id, context, cancellationToken).ConfigureAwait(false), cancellationToken);

    private IResult Answer(HttpContext context, VideoJob job)
    {
        context.Response.Headers["openai-poll-after-ms"] = PollAfter;
        return Results.Json(OpenAiVideo.Of(job, board.Find(job)), Envelope.Json);
    }

    private async Task<VideoJob> FindAsync(string id, HttpContext context, CancellationToken cancellationToken) =>
        await store.FindAsync(Caller.NameOf(context), id, cancellationToken).ConfigureAwait(false)
            ?? throw new RequestProblemException(ProblemKind.NotFound, "The video must be one of yours, but there is none with this id.", "id");

    private async Task<VideoJob> FindFinishedAsync(string id, HttpContext context, CancellationToken cancellationToken)
    {
        VideoJob job = await FindAsync(id, context, cancellationToken).ConfigureAwait(false);
        return job switch
        {
            { Status: not JobStatus.Succeeded } => throw new RequestProblemException(ProblemKind.WrongState, $"The video must be completed, but is {OpenAiVideo.Of(job, progress: null).Status}. Wait until it is.", "id"),
            { FilesUntil: null } => throw new RequestProblemException(ProblemKind.NotFound, "The video must be there, but was kept for its time and is gone. Make it again.", "id"),
            _ => job,
        };
    }
}
