using System.Numerics.Tensors;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Stages;

/// <summary>Prompts become features: tokenizer graph, then text encoder graph.</summary>
internal sealed class TextStage(GraphSession tokenizer, GraphSession encoder, int maxTokens)
{
    /// <summary>Turns the prompts into features.</summary>
    /// <param name="prompts">One text for each branch.</param>
    /// <param name="cancellationToken">Stops a run between two nodes.</param>
    /// <returns>The features; the caller disposes them.</returns>
    /// <exception cref="InvalidRequestException">A prompt has more tokens than the encoder reads.</exception>
    public TextCondition Run(IReadOnlyList<string> prompts, CancellationToken cancellationToken)
    {
        GraphOutputs tokens = Tokenize(prompts, cancellationToken);
        HostTensor? shots = null;
        try
        {
            HostTensor ids = tokens["input_ids"], mask = tokens["attention_mask"];
            shots = HostTensor.Allocate(ElementType.Int64, [.. mask.Shape]);
            shots.AsSpan<long>().Clear();
            GraphOutputs features = encoder.Run(encoder.Contract.PickInputs(("input_ids", ids), ("attention_mask", mask), ("shot_ids", shots)), cancellationToken);
            return new TextCondition(tokens, features, shots);
        }
        catch
        {
            tokens.Dispose();
            shots?.Dispose();
            throw;
        }
    }

    /// <summary>Token ids and mask, [G, S] int64 each; refuses prompts that the encoder cannot read whole.</summary>
    private GraphOutputs Tokenize(IReadOnlyList<string> prompts, CancellationToken cancellationToken)
    {
        using StringTensor text = StringTensor.From([.. prompts]);
        GraphOutputs tokens = tokenizer.Run(new Dictionary<string, GraphTensor> { ["text"] = text }, cancellationToken);
        try
        {
            HostTensor mask = tokens["attention_mask"];
            int width = (int)mask.Shape[1];
            List<string> problems = [];
            for (int row = 0; row < prompts.Count; row++)
            {
                long count = TensorPrimitives.Sum<long>(mask.AsSpan<long>().Slice(row * width, width));
                if (count > maxTokens)
                {
                    problems.Add($"Prompt must be at most {maxTokens} tokens, but has {count}. Shorten it.");
                }
            }

            return problems.Count == 0 ? tokens : throw new InvalidRequestException(problems);
        }
        catch
        {
            tokens.Dispose();
            throw;
        }
    }
}
