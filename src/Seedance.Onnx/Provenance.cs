using System.Globalization;
using System.Text.Json;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx;

/// <summary>What a saved file says about how it was made, in its container's metadata.</summary>
internal static class Provenance
{
    /// <summary>Title: the prompt. Comment: a JSON object with pack, seed and settings, enough to make the video again.</summary>
    public static Dictionary<string, string> Of(GenerationPlan plan, ModelPack pack) => new()
    {
        ["title"] = plan.Prompts[^1],
        ["comment"] = JsonSerializer.Serialize(new
        {
            generator = "Seedance.Onnx",
            pack = $"{pack.Contract.Name} {pack.Contract.Version}",
            seed = plan.Seed,
            size = plan.Size.ToString(),
            frames = plan.Frames,
            fps = plan.Fps,
            solver = plan.SolverKind.ToName(),
            steps = plan.Schedule.Steps,
            guidance = plan.Guidance.ToString(CultureInfo.InvariantCulture),
            shift = plan.Shift.ToString(CultureInfo.InvariantCulture),
        }),
    };
}
