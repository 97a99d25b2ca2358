using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Seedance.Onnx.Graphs.Precision;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Measurement;

/// <summary>An acceleration ladder: ways to make the same video, each with one acceleration more than the one before it, as a JSON file. Immutable.</summary>
/// <remarks><code>{ "rungs": [ { "name": "as exported", "fused": false, "steps": 25 }, { "name": "fused", "fused": true, "ratio": 0.8 } ] }</code></remarks>
public sealed record Ladder
{
    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
    };

    /// <summary>The rungs, from the slowest.</summary>
    public required ImmutableArray<LadderRung> Rungs { get; init; }

    /// <summary>The folder that paths are relative to.</summary>
    [JsonIgnore]
    public string Folder { get; private init; } = "";

    /// <summary>Reads a ladder.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The ladder.</returns>
    /// <exception cref="InvalidRequestException">The file is not there, is no JSON or is malformed.</exception>
    public static Ladder Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string name = $"Ladder '{Path.GetFileName(path)}'";
        try
        {
            Ladder ladder = JsonSerializer.Deserialize<Ladder>(File.ReadAllBytes(path), Format)! with { Folder = Path.GetDirectoryName(Path.GetFullPath(path))! };
            List<string> problems = [.. ladder.Rungs.SelectMany((rung, index) => FindProblems(rung).Select(problem => $"{name}: $.rungs[{index}].{problem}"))];
            if (ladder.Rungs.IsDefaultOrEmpty)
            {
                problems.Add($"{name}: $.rungs must be a list of at least one rung, but is empty.");
            }

            return problems.Count == 0 ? ladder : throw new InvalidRequestException(problems);
        }
        catch (JsonException error)
        {
            throw new InvalidRequestException([$"{name} must be a ladder in JSON, but is not: {error.Message} Correct the file."]);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidRequestException([$"Ladder '{path}' must be a file that can be read, but is not: {error.Message} Check the path."]);
        }
    }

    /// <summary>What to measure: each rung with all that those before it brought.</summary>
    /// <param name="first">What the first rung begins with: pack, prompt, size, length, target.</param>
    /// <returns>A case for each rung.</returns>
    public ImmutableArray<BenchmarkCase> CasesOf(BenchmarkCase first)
    {
        ArgumentNullException.ThrowIfNull(first);
        ImmutableArray<BenchmarkCase>.Builder cases = ImmutableArray.CreateBuilder<BenchmarkCase>(Rungs.Length);
        BenchmarkCase current = first;
        foreach (LadderRung rung in Rungs)
        {
            current = current with
            {
                Name = rung.Name,
                Group = "ladder",
                Pack = rung.Pack is { } pack ? Path.GetFullPath(pack, Folder) : current.Pack,
                FusesOperators = rung.Fused ?? current.FusesOperators,
                Precision = rung.Precision is { } name && GraphPrecisionNames.TryParse(name, out GraphPrecision precision) ? precision : current.Precision,
                Request = Change(current.Request, rung),
            };
            cases.Add(current);
        }

        return cases.ToImmutable();
    }

    /// <summary>The score of a rung, in per cent, where it was measured.</summary>
    /// <param name="rung">The rung.</param>
    /// <returns>"overall" "total" of its scores; null where there are none yet.</returns>
    /// <exception cref="InvalidRequestException">The scores are no JSON, or have no such number.</exception>
    public double? ScoreOf(LadderRung rung)
    {
        ArgumentNullException.ThrowIfNull(rung);
        if (rung.Scores is null || Path.GetFullPath(rung.Scores, Folder) is var path && !File.Exists(path))
        {
            return null;
        }

        try
        {
            using JsonDocument scores = JsonDocument.Parse(File.ReadAllBytes(path));
            return scores.RootElement.GetProperty("overall").GetProperty("total").GetDouble();
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new InvalidRequestException([$"Scores '{path}' must be what evaluate.py --json wrote, with a number overall.total, but are not: {error.Message} Write them again."]);
        }
    }

    private static VideoRequest Change(VideoRequest request, LadderRung rung) => request with
    {
        Steps = rung.Steps ?? request.Steps,
        Solver = rung.Solver is { } name && SolverNames.TryParse(name, out SolverKind solver) ? solver : request.Solver,
        SolverOrder = rung.Order ?? request.SolverOrder,
        Guidance = rung.Guidance ?? request.Guidance,
        Undistilled = rung.Undistilled ?? request.Undistilled,
        Width = VideoSize.TryParse(rung.Size, out VideoSize size) ? size.Width : request.Width,
        Height = rung.Size is null ? request.Height : size.Height,
        Upscale = rung.Upscale ?? request.Upscale,
        StepCache = rung.StepCache ?? request.StepCache,
        Draft = rung.Draft ?? request.Draft,
    };

    private static IEnumerable<string> FindProblems(LadderRung rung)
    {
        if (rung.Precision is { } precision && !GraphPrecisionNames.TryParse(precision, out _))
        {
            yield return $"precision must be one of {string.Join(", ", GraphPrecisionNames.All)}, but is '{precision}'.";
        }

        if (rung.Solver is { } solver && !SolverNames.TryParse(solver, out _))
        {
            yield return $"solver must be one of {string.Join(", ", SolverNames.All)}, but is '{solver}'.";
        }

        if (rung.Size is { } size && !VideoSize.TryParse(size, out _))
        {
            yield return $"size must be a width and a height in pixels, such as 96x64, but is '{size}'.";
        }

        if (rung.Ratio is <= 0)
        {
            yield return $"ratio must be above 0, but is {rung.Ratio}.";
        }
    }
}
