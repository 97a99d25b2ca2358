using System.Collections.Immutable;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Graphs.Composition;

/// <summary>Composes tokenizer and text encoder: strings in, features out.</summary>
/// <remarks>
/// Inputs: the tokenizer's ("text": [N] string), and those of the encoder that neither the tokenizer makes nor <see cref="TextGraphOptions.ZeroInputs"/> names.
/// Outputs: all of the encoder's ("last_hidden_state": [N, S, D]) and of the tokenizer's ("input_ids", "attention_mask": [N, S] int64), cut to
/// <see cref="TextGraphOptions.MaxTokens"/>; and where the tokenizer makes a mask, "token_count" [N] int64, of the texts as they are.
/// </remarks>
public static class TextGraph
{
    /// <summary>Composes the graph.</summary>
    /// <param name="tokenizer">Strings in, token ids and their mask out.</param>
    /// <param name="encoder">Token ids and their mask in, features out.</param>
    /// <param name="options">Names; the defaults when null.</param>
    /// <returns>The composed model.</returns>
    /// <exception cref="ModelFileException">The parts do not fit; both sides are named.</exception>
    public static OnnxModel Compose(OnnxModel tokenizer, OnnxModel encoder, TextGraphOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(encoder);
        options ??= new TextGraphOptions();
        ModelComposer composer = new("text", ModelComposer.OpsetFor(tokenizer, encoder));
        ImmutableDictionary<string, string> tokens = composer.Add(tokenizer, "tokenizer", ImmutableDictionary<string, string>.Empty);
        string? mask = tokens.GetValueOrDefault(options.AttentionMask);
        if (options.MaxTokens is { } most)
        {
            tokens = tokens.ToImmutableDictionary(token => token.Key, token => Cut(composer, tokenizer, token, most), StringComparer.Ordinal);
        }

        Dictionary<string, string> connections = new(StringComparer.Ordinal);
        foreach (OnnxValue input in encoder.Graph.RequiredInputs)
        {
            if (tokens.TryGetValue(options.Connections.GetValueOrDefault(input.Name, input.Name), out string? value))
            {
                connections[input.Name] = value;
            }
        }

        string like = tokens.Values.First();
        foreach (OnnxValue input in encoder.Graph.RequiredInputs.Where(input => options.ZeroInputs.Contains(input.Name)))
        {
            GraphBuilder builder = composer.Build("/zeros");
            string zero = builder.Add("ConstantOfShape", [builder.Add("Shape", [like])],
                OnnxAttribute.Create("value", OnnxTensor.FromBytes("", input.ElementType, new byte[input.ElementType.BytesFor(1)], 1)));
            connections[input.Name] = zero;
        }

        ImmutableDictionary<string, string> features = composer.Add(encoder, "text_encoder", connections);
        foreach ((string name, string value) in features.OrderBy(entry => entry.Key, StringComparer.Ordinal).Concat(tokens.OrderBy(entry => entry.Key, StringComparer.Ordinal)))
        {
            composer.Output(value, name);
        }

        if (mask is not null)
        {
            GraphBuilder builder = composer.Build("/count");
            string count = builder.Add("ReduceSum", [mask, builder.Integers(1)], OnnxAttribute.Create("keepdims", 0L));
            composer.Output(count, ComposedTensors.TokenCount, new OnnxValue(ComposedTensors.TokenCount, OnnxElementType.Int64, "N"));
        }

        return composer.Finish();
    }

    /// <summary>The first tokens of each text.</summary>
    private static string Cut(ModelComposer composer, OnnxModel tokenizer, KeyValuePair<string, string> token, int most)
    {
        OnnxValue declared = tokenizer.Graph.Outputs.First(output => output.Name == token.Key);
        GraphBuilder builder = composer.Build("/first");
        string cut = builder.Add("Slice", [token.Value, builder.Integers(0), builder.Integers(most), builder.Integers(1)]);
        if (declared.Shape is { Length: 2 })
        {
            composer.Describe(cut, declared.ElementType, "N", "S");
        }

        return cut;
    }
}
