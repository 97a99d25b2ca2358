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
    public void PrepareEngine_Transformer_HasShapesOfAllInputsAndAFolderOfItsOwn()
    {
        using TemporaryFolder folder = new();
        using EngineCache cache = new(folder.Path);
        ModelPack pack = ModelPack.Open(TinyPack.Folder);

        EngineSetup setup = GraphSessions.PrepareEngine(pack, pack.Contract.FindGraph(GraphRoles.Transformer)!, TensorRt, cache);

        Assert.Equal(["encoder_attention_mask", "encoder_hidden_states", "hidden_states", "timestep"], setup.Shapes.Inputs.Keys);
        Assert.Equal(folder.PathOf("tensorrt"), Path.GetDirectoryName(setup.Folder));
        Assert.StartsWith("transformer-", Path.GetFileName(setup.Folder), StringComparison.Ordinal);
    }

    [Fact]
    public void PrepareEngine_SumOfTheGraphChanges_SoDoesTheFolder()
    {
        using TemporaryFolder folder = new(), copy = new();
        using EngineCache cache = new(folder.Path);
        TinyPack.CopyTo(copy);
        TinyPack.ChangeContract(copy, contract => contract["files"]!["transformer/model.onnx"] = new string('0', 64));
        ModelPack before = ModelPack.Open(TinyPack.Folder), after = ModelPack.Open(copy.Path);

        string?[] folders = [.. from pack in new[] { before, after }
                                from role in new[] { GraphRoles.Transformer, GraphRoles.VaeDecoder }
                                select Path.GetFileName(GraphSessions.PrepareEngine(pack, pack.Contract.FindGraph(role)!, TensorRt, cache).Folder)];

        Assert.NotEqual(folders[0], folders[2]);
        Assert.Equal($"{folders[1]}-2", folders[3]);
    }
}
