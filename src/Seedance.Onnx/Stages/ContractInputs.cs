using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Stages;

/// <summary>Gives a graph those of the tensors at hand that it takes.</summary>
internal static class ContractInputs
{
    /// <summary>Keeps the tensors that the graph's contract has an input for; optional inputs that a graph lacks are simply not fed.</summary>
    public static Dictionary<string, GraphTensor> PickInputs(this GraphContract contract, params ReadOnlySpan<(string Name, GraphTensor Tensor)> tensors)
    {
        Dictionary<string, GraphTensor> picked = new(StringComparer.Ordinal);
        foreach ((string name, GraphTensor tensor) in tensors)
        {
            if (contract.Inputs.Any(input => input.Name == name))
            {
                picked.Add(name, tensor);
            }
        }

        return picked;
    }
}
