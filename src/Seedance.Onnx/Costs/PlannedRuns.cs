using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Costs;

/// <summary>Runs of one graph at the same shapes: what a plan comes to, stage by stage. Immutable.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Role">The graph's role.</param>
/// <param name="Shapes">The lengths that its inputs' shapes follow from.</param>
/// <param name="Times">How often it is run.</param>
internal sealed record PlannedRuns(GenerationStage Stage, string Role, PlannedShapes Shapes, int Times)
{
    /// <summary>All runs of a plan but those of the upscaler. A clip counts as decoded whole; a decoder that takes it in pieces runs once for each.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="pack">The contract of the pack that it was made for.</param>
    /// <param name="tokens">Tokens of the longest prompt; the most that the pack reads if not specified.</param>
    /// <returns>The runs, in the order in which a video goes through the stages.</returns>
    public static IEnumerable<PlannedRuns> Of(GenerationPlan plan, PackContract pack, int? tokens = null)
    {
        PlannedShapes most = PlannedShapes.Of(plan, pack);
        most = most with { Tokens = tokens ?? most.Tokens };
        yield return new PlannedRuns(GenerationStage.Text, GraphRoles.TextEncoder, most, plan.Windows.DistinctBy(window => (window.FirstShot, window.Shots)).Count());
        foreach (PlannedRuns runs in OfSemantics(plan, pack, most))
        {
            yield return runs;
        }

        // Windows are of one length, or of two.
        foreach (IGrouping<int, PlannedWindow> windows in plan.Windows.GroupBy(window => window.LatentFrames))
        {
            PlannedShapes shapes = most with { Latents = most.Latents with { Frames = windows.Key } };
            int[] images = [.. windows.Select(window => window.GivenFrames + plan.ConditionsOf(window).Count()).Where(count => count > 0)];
            foreach (string role in images.Length > 0 ? pack.ImageRoles : [])
            {
                // Images are encoded alone, or all of a clip at once, as they are looked at.
                bool alone = role == GraphRoles.VaeEncoder && pack.TransformerChannels.Absent == AbsentFrames.Zeros;
                yield return new PlannedRuns(GenerationStage.Condition, role, shapes, alone ? images.Sum() : images.Length);
            }

            foreach (((string role, int branches), int steps) in plan.Solver.Steps.Zip(plan.Transformers, (step, role) => (role, step.Branches)).CountBy(step => step))
            {
                yield return new PlannedRuns(GenerationStage.Denoise, role, shapes with { Branches = branches }, steps * windows.Count());
            }

            yield return new PlannedRuns(GenerationStage.Decode, plan.Decoder, shapes, windows.Count());
        }
    }

    /// <summary>The semantic tokens of the whole video: sampled at once, or read off another video window by window.</summary>
    private static IEnumerable<PlannedRuns> OfSemantics(GenerationPlan plan, PackContract pack, PlannedShapes most)
    {
        if (plan.Semantics is null)
        {
            yield break;
        }

        if (plan.Semantics.Source is not null)
        {
            foreach ((int frames, int windows) in plan.Windows.CountBy(window => window.LatentFrames))
            {
                yield return new PlannedRuns(GenerationStage.Semantic, GraphRoles.SemanticEncoder, most with { Latents = most.Latents with { Frames = frames } }, windows);
            }

            yield break;
        }

        PlannedShapes whole = most.OfSemantics(pack);
        yield return new PlannedRuns(GenerationStage.Text, GraphRoles.TextEncoder, whole, 1);
        if (most.Images > 0 && pack.FindGraph(GraphRoles.SemanticEncoder) is not null)
        {
            yield return new PlannedRuns(GenerationStage.Condition, GraphRoles.SemanticEncoder, whole with { Latents = whole.Latents with { Frames = 1 } }, plan.SemanticClip().Conditions.Length);
        }

        foreach ((int branches, int steps) in plan.Semantics.Solver.Steps.CountBy(step => step.Branches))
        {
            yield return new PlannedRuns(GenerationStage.Semantic, GraphRoles.SemanticTransformer, whole with { Branches = branches }, steps);
        }
    }
}
