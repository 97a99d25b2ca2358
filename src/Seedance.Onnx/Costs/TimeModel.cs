using System.Globalization;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Memory;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Stages;

namespace Seedance.Onnx.Costs;

/// <summary>Expects the time of generations with a pack, and learns from those that were made. Safe for several threads.</summary>
/// <param name="pack">The pack.</param>
/// <param name="costs">What its graphs cost.</param>
/// <param name="memory">Says in which pieces a clip is decoded.</param>
/// <param name="rates">What is known of this machine.</param>
/// <param name="target">What the graphs are asked to run on.</param>
internal sealed class TimeModel(ModelPack pack, PlannedCosts costs, MemoryModel memory, StageRates rates, ExecutionTarget target)
{
    private readonly string _key = $"{pack.Sum} {string.Join(", ", ((string[])[GraphRoles.TextEncoder, .. GraphRoles.Transformers, GraphRoles.VaeDecoder, GraphRoles.Upscaler]).Select(role => Describe(target.ForGraph(role))).Distinct(StringComparer.Ordinal))}";

    /// <summary>How long a plan is expected to take.</summary>
    /// <param name="plan">The plan.</param>
    /// <returns>Null where this machine has made nothing yet with the pack and target, or not with every stage that the plan has.</returns>
    public TimePlan? Expect(GenerationPlan plan)
    {
        if (rates.Find(_key) is not { } known)
        {
            return null;
        }

        Dictionary<GenerationStage, double> work = WorkOf(plan);
        TimeSpan Of(GenerationStage stage) => work.TryGetValue(stage, out double flops) ? TimeSpan.FromSeconds(flops / known[stage]) : TimeSpan.Zero;
        return work.Keys.All(known.ContainsKey) ? new TimePlan(Of(GenerationStage.Text), Of(GenerationStage.Denoise), Of(GenerationStage.Decode), Of(GenerationStage.Upscale)) { Semantic = Of(GenerationStage.Semantic) } : null;
    }

    /// <summary>Learns from a video that was made.</summary>
    /// <param name="plan">What was made.</param>
    /// <param name="stages">What its stages took; those that did nothing are passed over.</param>
    public void Learn(GenerationPlan plan, IReadOnlyList<StageReport> stages)
    {
        Dictionary<GenerationStage, double> work = WorkOf(plan), learnt = [];
        foreach (StageReport stage in stages.Where(stage => stage.Runs > 0 && stage.Elapsed > TimeSpan.Zero && work.ContainsKey(stage.Stage)))
        {
            learnt[stage.Stage] = work[stage.Stage] * stage.Runs / (stage.Runs + stage.Skipped) / stage.Elapsed.TotalSeconds;
        }

        rates.Keep(_key, learnt);
    }

    /// <summary>Whether something is known of every one of these stages.</summary>
    public bool Knows(IReadOnlyList<StageReport> stages) => rates.Find(_key) is { } known && stages.All(stage => !IsCounted(stage.Stage) || known.ContainsKey(stage.Stage));

    private static bool IsCounted(GenerationStage stage) => stage is GenerationStage.Text or GenerationStage.Semantic or GenerationStage.Denoise or GenerationStage.Decode or GenerationStage.Upscale;

    /// <summary>What tells one way of computing from another, as it was asked for.</summary>
    private static string Describe(ExecutionTarget graph) =>
        string.Create(CultureInfo.InvariantCulture, $"{string.Join('/', graph.Chain.Select(provider => provider.ToName()))} {graph.DeviceId} {graph.Precision} {graph.Threads ?? Environment.ProcessorCount} {graph.InterOpThreads}");

    /// <summary>Floating-point operations of each stage.</summary>
    private Dictionary<GenerationStage, double> WorkOf(GenerationPlan plan)
    {
        Dictionary<GenerationStage, double> work = PlannedRuns.Of(plan, pack.Contract).Where(runs => IsCounted(runs.Stage)).GroupBy(runs => runs.Stage)
            .ToDictionary(stage => stage.Key, stage => stage.Sum(runs => runs.Times * (runs.Stage == GenerationStage.Decode ? DecodeWork(plan, runs.Shapes) : costs.Of(runs.Role, runs.Shapes).Flops)));
        if (plan.Upscale > 1)
        {
            work[GenerationStage.Upscale] = UpscaleWork(plan);
        }

        return work;
    }

    /// <summary>All pieces of one window.</summary>
    private double DecodeWork(GenerationPlan plan, PlannedShapes shapes)
    {
        LatentShape latents = shapes.Latents;
        DecodePieces pieces = memory.ChoosePieces(plan);
        double decodes = Math.Ceiling((double)latents.Frames / pieces.Frames)
            * DecodePieces.Starts(latents.Height, Math.Min(pieces.Height, latents.Height)).Count() * DecodePieces.Starts(latents.Width, Math.Min(pieces.Width, latents.Width)).Count();
        return decodes * costs.Of(plan.Decoder, shapes with { Latents = latents with { Frames = pieces.Frames, Height = pieces.Height, Width = pieces.Width } }).Flops;
    }

    /// <summary>The last pass, and a share of it for the one before; every tile with what lies around it.</summary>
    private double UpscaleWork(GenerationPlan plan)
    {
        double work = 0;
        for (int before = plan.Upscale / pack.Contract.Cascade!.Scale; before >= 1; before /= pack.Contract.Cascade.Scale)
        {
            (int width, int height) = (plan.Size.Width * before, plan.Size.Height * before);
            int frames = Math.Min(plan.Frames, UpscaleWindow.Chunk + (2 * UpscaleStage.Neighbours));
            double tiles = Math.Ceiling((double)width / UpscaleStage.Tile) * Math.Ceiling((double)height / UpscaleStage.Tile) * Math.Ceiling((double)plan.Frames / UpscaleWindow.Chunk);
            work += tiles * costs.OfUpscaler(frames, Math.Min(height, UpscaleStage.Tile + (2 * UpscaleStage.Margin)), Math.Min(width, UpscaleStage.Tile + (2 * UpscaleStage.Margin))).Flops;
        }

        return work;
    }
}
