using System.ComponentModel;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Seedance.Onnx.Server.Http;
using Seedance.Onnx.Server.Jobs;

namespace Seedance.Onnx.Server.Ark;

/// <summary>Volcengine Ark's content generation tasks.</summary>
internal sealed class ArkEndpoints(JobIntake intake, ArkRequestReader reader, JobStore store, JobFiles files, JobNews news, SignedLinks links, ResultFiles results)
{
    /// <summary>What Ark's addresses begin with.</summary>
    public const string Root = "/api/v3";

    private const string Tasks = Root + "/contents/generations/tasks";
    private const int DefaultPage = 10;
    private const int MostPages = 500;

    public void Map(IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder tasks = routes.MapGroup(Tasks).WithTags("Ark").Refuses(StatusCodes.Status409Conflict);
        tasks.MapPost("", CreateAsync).Accepts<ArkCreateRequest>("application/json").Produces<ArkTaskId>().WithSummary("Asks for a video");
        tasks.MapGet("", ListAsync).Produces<ArkTaskList>().WithSummary("Lists tasks, page by page");
        tasks.MapGet("{id}", GetAsync).Produces<ArkTask>().WithSummary("Tells how far a task is");
        tasks.MapDelete("{id}", DeleteAsync).Produces(StatusCodes.Status200OK).WithSummary("Cancels a task that waits, or removes one that has ended");
        routes.MapGet(SignedLinks.Root + "/{id}/{name}", ResultAsync).AllowAnonymous().WithTags("Results").WithSummary("Fetches a result by its signed link");
    }

    private async Task<IResult> CreateAsync(HttpContext context, CancellationToken cancellationToken)
    {
        JobDraft draft = await reader.ReadAsync(context, cancellationToken).ConfigureAwait(false);
        VideoJob job = await intake.SubmitAsync(draft, Caller.NameOf(context), cancellationToken).ConfigureAwait(false);
        return Results.Json(new ArkTaskId(job.Id), Envelope.Json);
    }

    private async Task<IResult> GetAsync(string id, HttpContext context, CancellationToken cancellationToken) =>
        Results.Json(ArkTask.Of(await FindAsync(id, context, cancellationToken).ConfigureAwait(false), links), Envelope.Json);

    private async Task<IResult> ListAsync(
        HttpContext context,
        CancellationToken cancellationToken,
        [FromQuery(Name = "page_num"), Description("From 1 to 500; 1 if left out.")] string? pageNumber = null,
        [FromQuery(Name = "page_size"), Description("From 1 to 500; 10 if left out.")] string? pageSize = null,
        [FromQuery(Name = "filter.status"), Description("Only tasks in this state.")] string? word = null,
        [FromQuery(Name = "filter.task_ids"), Description("Only these tasks.")] string[]? taskIds = null,
        [FromQuery(Name = "filter.model"), Description("Only tasks of this model.")] string? model = null,
        [FromQuery(Name = "filter.service_tier"), Description("Only tasks of this tier.")] string? tier = null)
    {
        List<RequestProblem> problems = [];
        (int page, int size) = (ReadCount(pageNumber, "page_num", 1, problems), ReadCount(pageSize, "page_size", DefaultPage, problems));
        JobStatus? status = null;
        if (!string.IsNullOrEmpty(word))
        {
            status = Enum.GetValues<JobStatus>().Cast<JobStatus?>().FirstOrDefault(known => ArkTask.StatusOf(known!.Value) == word);
            if (status is null)
            {
                problems.Add(new RequestProblem(ProblemKind.Invalid, $"filter.status must be one of {string.Join(", ", Enum.GetValues<JobStatus>().Select(ArkTask.StatusOf))}, but is not.", "filter.status"));
            }
        }

        if (problems.Count > 0)
        {
            throw new RequestProblemException(problems);
        }

        string[] ids = [.. (taskIds ?? []).OfType<string>().SelectMany(value => value.Split(',')).Take(MostPages)];
        return await store.QueryAsync(Caller.NameOf(context), async jobs =>
        {
            jobs = status is null ? jobs : jobs.Where(job => job.Status == status);
            jobs = ids.Length == 0 ? jobs : jobs.Where(job => ids.Contains(job.Id));
            jobs = string.IsNullOrEmpty(model) ? jobs : jobs.Where(job => job.Model == model);
            jobs = string.IsNullOrEmpty(tier) ? jobs : jobs.Where(job => job.ServiceTier == tier);
            int total = await jobs.CountAsync(cancellationToken).ConfigureAwait(false);
            List<VideoJob> items = await jobs.OrderByDescending(job => job.Number).Skip((page - 1) * size).Take(size).ToListAsync(cancellationToken).ConfigureAwait(false);
            return Results.Json(new ArkTaskList([.. items.Select(job => ArkTask.Of(job, links))], total), Envelope.Json);
        }, cancellationToken).ConfigureAwait(false);
    }

    private async Task<IResult> DeleteAsync(string id, HttpContext context, CancellationToken cancellationToken)
    {
        VideoJob job = await FindAsync(id, context, cancellationToken).ConfigureAwait(false);
        bool done = job.Status switch
        {
            JobStatus.Queued => await store.EndQueuedAsync(job, JobEnd.Cancelled).ConfigureAwait(false),
            JobStatus.Succeeded or JobStatus.Failed or JobStatus.Expired => await store.RemoveAsync(job, job.Status).ConfigureAwait(false),
            _ => false,
        };
        if (!done)
        {
            throw new RequestProblemException(ProblemKind.WrongState, "The task must wait, or have succeeded, failed or expired, to be cancelled or deleted, but does not.", "id");
        }

        files.Remove(job);
        news.Tell(job);
        return Results.Ok();
    }

    private async Task<IResult> ResultAsync(string id, string name, long until, string signature, CancellationToken cancellationToken)
    {
        if (!links.IsOurs(id, name, until, signature) || await store.FindAsync(id, cancellationToken).ConfigureAwait(false) is not { Status: JobStatus.Succeeded, FilesUntil: not null } job)
        {
            throw new RequestProblemException(ProblemKind.NotFound, "The link must be one that this server gave for a result that is still there, but is not.");
        }

        return name == "last.png" ? results.LastFrame(job) : results.Video(job);
    }

    private static int ReadCount(string? text, string name, int ifMissing, List<RequestProblem> problems)
    {
        if (string.IsNullOrEmpty(text))
        {
            return ifMissing;
        }

        if (int.TryParse(text, out int count) && count is >= 1 and <= MostPages)
        {
            return count;
        }

        problems.Add(new RequestProblem(ProblemKind.Invalid, $"{name} must be a whole number from 1 to {MostPages}, but is not.", name));
        return ifMissing;
    }

    private async Task<VideoJob> FindAsync(string id, HttpContext context, CancellationToken cancellationToken) =>
        await store.FindAsync(Caller.NameOf(context), id, cancellationToken).ConfigureAwait(false)
            ?? throw new RequestProblemException(ProblemKind.NotFound, "The task must be one of yours, but there is none with this id.", "id");
}
