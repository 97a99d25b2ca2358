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
        if (problems.Count > 0)
        {
            throw new ModelPackException(pack.Folder, problems);
        }
    }
}
