using Seedance.Onnx.Composition;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx;

[Trait("Tier", "Graph")]
public sealed class GraphSessionsTests
{
    private static readonly ResolvedTarget TensorRt = new(ExecutionProvider.TensorRt, new ExecutionTarget { Providers = [ExecutionProvider.TensorRt] }, []);

    [Fact]
    public void PrepareEngine_StepGraph_HasShapesOfAllInputsAndAFolderOfItsOwn()
    {
        using TemporaryFolder folder = new();
        using EngineCache cache = new(folder.Path);
        ModelPack pack = ModelPack.Open(TinyPack.Folder);
        ComposedGraph step = new PackComposer(pack, folder.Path, verified: true).ComposeStep(TensorRt);

        EngineSetup setup = GraphSessions.PrepareEngine(pack, step, cache);

        Assert.Equal(["condition", "encoder_attention_mask", "encoder_hidden_states", "guidance", "mask", "noise", "state", "timestep", "weights"], setup.Shapes.Inputs.Keys);
        // UniPC of order 3 keeps four tensors, and a step cache the velocity.
        Assert.Equal(new AxisRange(1, 1, 5), setup.Shapes.Inputs["state"][0]);
        Assert.Equal(new AxisRange(3, 4, 9), setup.Shapes.Inputs["weights"][1]);
        Assert.Equal([new AxisRange(1, 2, 3), AxisRange.Fixed(4), new AxisRange(1, 2, 5), new AxisRange(4, 4, 6), new AxisRange(4, 6, 6)], setup.Shapes.Inputs["condition"].AsEnumerable());
        Assert.Equal(folder.PathOf("tensorrt"), Path.GetDirectoryName(setup.Folder));
        Assert.StartsWith("transformer-", Path.GetFileName(setup.Folder), StringComparison.Ordinal);
    }

    [Fact]
    public void PrepareEngine_PixelGraph_HasShapesOfLatentsAndMemory()
    {
        using TemporaryFolder folder = new();
        using EngineCache cache = new(folder.Path);
        ModelPack pack = ModelPack.Open(TinyPack.Folder);
        ComposedGraph pixels = new PackComposer(pack, folder.Path, verified: true).ComposePixels(TensorRt);

        EngineSetup setup = GraphSessions.PrepareEngine(pack, pixels, cache);

        Assert.Equal(["latents", "past_0"], setup.Shapes.Inputs.Keys);
        Assert.Equal([AxisRange.Fixed(1), AxisRange.Fixed(4), AxisRange.Fixed(1), new AxisRange(4, 4, 6), new AxisRange(4, 6, 6)], setup.Shapes.Inputs["past_0"].AsEnumerable());
    }

    [Fact]
    public void PrepareEngine_SumOfTheGraphChanges_SoDoesTheFolder()
    {
        using TemporaryFolder folder = new(), copy = new();
        using EngineCache cache = new(folder.Path);
        TinyPack.CopyTo(copy);
        TinyPack.ChangeContract(copy, contract => contract["files"]!["transformer/model.onnx"] = new string('0', 64));
        PackComposer[] composers = [.. new[] { TinyPack.Folder, copy.Path }.Select(path => new PackComposer(ModelPack.Open(path), folder.Path, verified: true))];

        string?[] folders = [.. from composer in composers
                                from graph in new[] { composer.ComposeStep(TensorRt), composer.ComposePixels(TensorRt) }
                                select Path.GetFileName(GraphSessions.PrepareEngine(ModelPack.Open(TinyPack.Folder), graph, cache).Folder)];

        Assert.NotEqual(folders[0], folders[2]);
        Assert.Equal($"{folders[1]}-2", folders[3]);
    }
}
