using Seedance.Onnx.Graphs;
using Seedance.Onnx.Graphs.Shapes;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx;

/// <summary>Whether the stages can do what a pack says.</summary>
internal static class PackSupport
{
    /// <summary>Refuses packs that say what no stage can do.</summary>
    /// <exception cref="ModelPackException">This is one; every such tensor is named.</exception>
    public static void Require(ModelPack pack)
    {
        List<string> problems = [.. from role in GraphRoles.All
                                    let graph = pack.Contract.FindGraph(role)
                                    where graph is not null
                                    from tensor in graph.Inputs.Concat(graph.Outputs)
                                    where tensor.ElementType.IsFloat() && tensor.ElementType != ElementType.Float32
                                    select $"Tensor '{tensor.Name}' of graph '{role}' must be float32, but is {tensor.ElementType.ToName()}. Export the graph with float32 inputs and outputs."];
        if (pack.Contract is { Semantics: { } semantics } && pack.Contract.FindGraph(GraphRoles.SemanticEncoder) is { } encoder && FindRateProblem(pack, semantics, encoder) is { } problem)
        {
            problems.Add(problem);
        }

        if (problems.Count > 0)
        {
            throw new ModelPackException(pack.Folder, problems);
        }
    }

    /// <summary>A semantic encoder whose file makes other tokens of a clip than the pack says is told before it is run, as far as shapes can be followed through its graph.</summary>
    private static string? FindRateProblem(ModelPack pack, SemanticsContract semantics, GraphContract encoder)
    {
        VideoSize size = pack.Contract.Video.Sizes[0];
        int frames = pack.Contract.Video.DefaultFrames;
        LatentShape tokens = semantics.Tokens.LatentsOf(size, frames);
        long[] expected = [1, 2 * tokens.Channels, tokens.Frames, tokens.Height, tokens.Width];
        ShapeBindings clip = ShapeBindings.None.WithInput(encoder.FindInput("sample")!.FileName, 1, 3, frames, size.Height, size.Width);
        try
        {
            return ShapeInference.Run(OnnxModel.Load(pack.PathOfGraph(encoder.Role)), clip).Find(encoder.FindOutput("semantic_parameters")!.FileName)?.Lengths is { } made && !made.SequenceEqual(expected)
                ? $"Graph '{encoder.Role}' must make [{string.Join(", ", expected)}] of {frames} frames of {size}, as semantics in seedance.json says, but makes [{string.Join(", ", made)}]. Use an encoder of that width and rate, or correct semantics."
                : null;
        }
        catch (ModelFileException error)
        {
            throw new ModelPackException(pack.Folder, [.. error.Problems.Select(problem => $"Graph '{encoder.Role}': {problem}")], error);
        }
    }
}
